import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { Config } from '../../src/config/resolve.ts'

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const MAIN = 'src/cli/main.ts'
/** The folder of Node's compile cache. It outlives a run, and halves the time that a command takes to start. */
export const COMPILE_CACHE = join(import.meta.dirname, '../../node_modules/.cache/node-compile-cache')
/** The environment of every command, free of this machine's settings. */
const baseEnv = {
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  NODE_COMPILE_CACHE: COMPILE_CACHE,
}

/** Runs `tessera` until it exits. */
export function tessera(
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...baseEnv, ...options.env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr }),
    )
    child.stdin?.end(options.input ?? '')
  })
}

/** A running `tessera`. */
export interface RunningCommand {
  readonly child: ChildProcess
  /** All output up to now, of both streams. */
  output(): string
  /** Resolves once the output matches `pattern`. */
  printed(pattern: RegExp): Promise<void>
  /** Sends a signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * Starts `tessera`. The caller stops it.
 * @param input its standard input, empty by default
 * @param place its program, and the folder in which it runs
 */
export function startTessera(
  args: readonly string[],
  env: Record<string, string>,
  input = '',
  { main = MAIN, cwd }: { readonly main?: string; readonly cwd?: string } = {},
): RunningCommand {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...baseEnv, ...env } })
  child.stdin.on('error', () => {}).end(input)
  let output = ''
  const watchers = new Set<() => void>()
  const take = (chunk: Buffer) => {
    output += chunk.toString()
    for (const check of watchers) check()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const exited = once(child, 'exit')
  return {
    child,
    output: () => output,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(output)) return
          watchers.delete(check)
          resolve()
        }
        watchers.add(check)
        check()
        exited.then(([code]) => reject(new Error(`tessera ended with ${code}: ${output}`)))
      }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}

/** The environment of a `tessera serve` with a configuration of {@link testConfig}, with `changes` applied. */
export function environmentOf(config: Config, changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    TESSERA_ISSUER: config.issuer,
    TESSERA_STORAGE: config.storage,
    TESSERA_MASTER_KEY: config.masterKey.toString('base64'),
    TESSERA_RUNTIME_HOST: 'localhost',
    TESSERA_RUNTIME_PORT: String(config.runtime.port),
    TESSERA_ADMIN_PORT: String(config.admin.port),
    TESSERA_ADMIN_METRICS: config.admin.metrics,
    TESSERA_TLS_CERT: inject('tls').cert,
    TESSERA_TLS_KEY: inject('tls').key,
    TESSERA_SHUTDOWN_TIMEOUT: String(config.shutdown.timeout),
    ...changes,
  }
}
