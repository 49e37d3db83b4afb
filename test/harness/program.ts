import { Readable } from 'node:stream'
import { type Command, CommanderError } from 'commander'
import { vi } from 'vitest'
import { program } from '../../src/cli/main.ts'
import { explain } from '../../src/cli/output.ts'
import { runCommand } from './command.ts'

/** The output of `tessera`, and whether it succeeded. */
export interface Printed {
  readonly code: 0 | 1
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs `tessera` with arguments as the shell would hand them over, in this process: the command line is read, and what went wrong
 * is printed, as by `main.ts`. One at a time. @param input what it reads
 */
export async function runTessera(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input: string | Buffer = '',
): Promise<Printed> {
  dontExit(program)
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(pipeOf(input))
  let failure: { readonly error: unknown } | undefined
  const { stdout, stderr } = await runCommand(env, async () => {
    try {
      await program.parseAsync(args, { from: 'user' })
    } catch (error) {
      // commander has printed its own message.
      if (!(error instanceof CommanderError)) failure = { error }
      else if (error.exitCode !== 0) failure = { error: undefined }
    }
  })
  stdin.mockRestore()
  const said = failure?.error === undefined ? '' : `tessera: ${explain(failure.error)}\n`
  const code = failure === undefined && process.exitCode !== 1 ? 0 : 1
  process.exitCode = undefined
  return { code, stdout, stderr: stderr + said }
}

/** A pipe with something in it, as far as commands look at it. */
const pipeOf = (input: string | Buffer) =>
  Object.assign(Readable.from(input.length === 0 ? [] : [Buffer.from(input)]), {
    fd: 0,
  } as const) as typeof process.stdin

function dontExit(command: Command): void {
  command.exitOverride()
  for (const subcommand of command.commands) dontExit(subcommand)
}
