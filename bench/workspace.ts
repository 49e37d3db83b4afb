import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** Servers have one core to themselves, and the load has another. */
export const cores = { server: 0, load: 1 } as const

/** The util-linux program that pins a process to cores. */
const TASKSET = 'taskset'

/** Whether processes can be pinned to a core each. */
export const canPin = availableParallelism() >= 2 && spawnSync(TASKSET, ['-c', '0,1', 'true']).status === 0

/** A program for Node to run. */
export interface Program {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whether it runs on every core, regardless of the assigned one. */
  readonly usesAllCores?: boolean
}

const POLL_MS = 20
const READY_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 20_000
/** Characters of the last output that are kept to explain a failure. */
const TAIL_LENGTH = 4_000

/** A started process. */
export class Child {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #ended: Promise<unknown>
  #hasEnded = false
  #tail = ''

  constructor(process: ChildProcessWithoutNullStreams) {
    this.#process = process
    this.#ended = once(process, 'close')
      .catch((error: unknown) => this.#keep(String(error)))
      .then(() => {
        this.#hasEnded = true
      })
    for (const stream of [process.stdout, process.stderr]) stream.on('data', (chunk) => this.#keep(String(chunk)))
    // The write's error says nothing new: the end of the process is reported anyway.
    process.stdin.on('error', () => {})
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get stdin(): Writable {
    return this.#process.stdin
  }

  get stdout(): Readable {
    return this.#process.stdout
  }

  get stderr(): Readable {
    return this.#process.stderr
  }

  /** Its last output, for messages about a failure. */
  get tail(): string {
    return this.#tail.trim()
  }

  /** Waits for the first match in its output. Rejects if it ends before, or is too slow. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (let waited = 0; waited < READY_TIMEOUT_MS && !this.#hasEnded; waited += POLL_MS) {
      const match = pattern.exec(this.#tail)
      if (match !== null) return match
      await sleep(POLL_MS)
    }
    throw new Error(`process ${this.pid} did not say that it is ready:\n${this.tail}`)
  }

  /** Resolves once it has ended successfully. */
  async done(): Promise<void> {
    await this.#ended
    if (this.#process.exitCode !== 0) throw new Error(`process ${this.pid} failed:\n${this.tail}`)
  }

  /** Asks it to end, and kills it after a while. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    const insisting = setTimeout(() => this.kill(), STOP_TIMEOUT_MS)
    await this.#ended
    clearTimeout(insisting)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #keep(text: string): void {
    this.#tail = (this.#tail + text).slice(-TAIL_LENGTH)
  }
}

/** A temporary folder and the processes that use it. Neither outlives it. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'tessera-bench-'))
  readonly #children: Child[] = []
  /** The last resort, for exits that bypass `close`. */
  readonly #onExit = () => {
    for (const child of this.#children) child.kill()
    this.#removeFolder()
  }

  constructor() {
    process.once('exit', this.#onExit)
  }

  /** Starts a program on a core, without Tessera's settings from our environment. */
  start({ args, env, usesAllCores = false }: Program, core: number): Child {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TESSERA_'))
    const [file, pinning] =
      canPin && !usesAllCores ? [TASKSET, ['-c', String(core), process.execPath]] : [process.execPath, []]
    const started = spawn(file, [...pinning, ...args], {
      env: { ...Object.fromEntries(inherited), NODE_ENV: 'production', ...env },
    })
    const child = new Child(started)
    this.#children.push(child)
    return child
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()))
    this.#removeFolder()
    process.off('exit', this.#onExit)
  }

  #removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
