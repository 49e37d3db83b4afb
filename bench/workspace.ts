import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** Servers have one core to themselves, and the load another. */
export const cores = { server: 0, load: 1 } as const

/** Of util-linux: runs a program on the cores of a list. */
const TASKSET = 'taskset'

/** Whether processes can be kept to one core each. */
export const canPin = availableParallelism() >= 2 && spawnSync(TASKSET, ['-c', '0,1', 'true']).status === 0

/** Something for Node to run. */
export interface Program {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whether it runs on every core, whichever it is given. */
  readonly usesAllCores?: boolean
}

const POLL_MS = 20
const READY_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 20_000
/** Of what a process said last, so many characters are kept to explain how it ended. */
const TAIL_LENGTH = 4_000

/** A process that was started. */
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
    // What writes to a process that ended learns it from the process.
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

  /** What it said last, for a message about how it failed. */
  get tail(): string {
    return this.#tail.trim()
  }

  /** The first match in what it says, once it has said that. Rejects when it ends without, or is too slow. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (let waited = 0; waited < READY_TIMEOUT_MS && !this.#hasEnded; waited += POLL_MS) {
      const match = pattern.exec(this.#tail)
      if (match !== null) return match
      await sleep(POLL_MS)
    }
    throw new Error(`process ${this.pid} did not say that it is ready:\n${this.tail}`)
  }

  /** Resolves when it has ended well. */
  async done(): Promise<void> {
    await this.#ended
    if (this.#process.exitCode !== 0) throw new Error(`process ${this.pid} failed:\n${this.tail}`)
  }

  /** Asks it to end, and insists after a while. */
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

/** A temporary folder and the processes that work in it; nothing of either outlives it. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'tessera-bench-'))
  readonly #children: Child[] = []
  /** The last resort, on ways out that don't lead through `close`. */
  readonly #onExit = () => {
    for (const child of this.#children) child.kill()
    this.#removeFolder()
  }

  constructor() {
    process.once('exit', this.#onExit)
  }

  /** Starts a program on a core. Of our own environment it gets no setting of Tessera's. */
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
