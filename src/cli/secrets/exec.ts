import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { codeOf } from '../../platform/system-error.ts'
import { UsageError, UserError } from '../../platform/user-error.ts'
import type { Destination, Output } from './destination.ts'
import { jsonLines, type NewSecret } from './secret.ts'

/** The bounds of a command that takes secrets. */
interface Bounds {
  /** Milliseconds until it is stopped. */
  readonly time: number
  /** Bytes that it may print on standard output, and as many on standard error. */
  readonly output: number
}

const BOUNDS: Bounds = { time: 60_000, output: 1024 * 1024 }

/**
 * Runs the command, and then looks for input that it has left: it has not taken its secrets. It gets no Ctrl+C, because a server has
 * made the secrets already.
 */
const RUN = `trap '' INT HUP
sh -c "$1" 3>&-
code=$?
[ "$code" -eq 0 ] || exit "$code"
if IFS= read -r rest || [ -n "$rest" ]; then echo unread >&3; fi`

/** A first word that names a program, rather than something that only a shell understands. */
const PROGRAM = /^\s*([\w./-]+)(?=\s|$)/

/**
 * A command of the shell. It gets JSON lines on its standard input, where no list of processes shows them.
 * @throws UsageError if the shell does not understand it, or finds no such program
 */
export function openCommand(command: string, { say }: Pick<Output, 'say'>, bounds = BOUNDS): Destination {
  const check = spawnSync('sh', ['-n', '-c', command], { stdio: 'ignore' })
  if (check.status !== 0) throw new UsageError('--secrets-to exec: the shell does not understand this command')
  const program = PROGRAM.exec(command)?.[1]
  const found =
    program === undefined || spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', program], { stdio: 'ignore' })
  if (found !== true && found.status !== 0) throw new UsageError('--secrets-to exec: there is no such program')
  return {
    name: 'the command of --secrets-to',
    output: 'free',
    check: () => {},
    take: (made) => run(command, made, { say, bounds }),
    end: () => {},
  }
}

interface Means extends Pick<Output, 'say'> {
  readonly bounds: Bounds
}

function run(command: string, made: readonly NewSecret[], { say, bounds }: Means): void {
  const result = spawnSync('sh', ['-c', RUN, 'sh', command], {
    input: jsonLines(made),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    timeout: bounds.time,
    killSignal: 'SIGKILL',
    maxBuffer: bounds.output,
  })
  const [, stdout, stderr, verdict] = result.output ?? []
  const printed = made.reduce(
    (text, { secret }) => text.replaceAll(secret, '[redacted]'),
    `${stdout ?? ''}${stderr ?? ''}`.replace(/\n$/, ''),
  )
  if (printed !== '') say(printed)
  const fault = faultOf(result, String(verdict ?? ''), bounds)
  if (fault !== undefined) throw new UserError(`the command of --secrets-to ${fault}`)
}

function faultOf(
  { error, status, signal }: SpawnSyncReturns<unknown>,
  verdict: string,
  { time, output }: Bounds,
): string | undefined {
  switch (codeOf(error)) {
    case undefined:
    // Its end says more, if it failed.
    case 'EPIPE':
      break
    case 'ETIMEDOUT':
      return `took longer than ${time / 1000} seconds`
    case 'ENOBUFS':
      return `printed more than ${output / 1024 / 1024} MiB`
    default:
      return "can't be started"
  }
  if (signal !== null) return `was ended by ${signal}`
  if (status !== 0) return `ended with exit code ${status}`
  return verdict === '' && error === undefined ? undefined : 'ended before it had read its standard input'
}
