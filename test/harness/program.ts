import { Command } from 'commander'
import { vi } from 'vitest'
import { fail } from '../../src/cli/output.ts'
import { runCommand } from './command.ts'

/** The whole command line of `tessera`, which reads no arguments yet. */
export async function loadProgram(): Promise<Command> {
  const parsing = vi.spyOn(Command.prototype, 'parseAsync').mockImplementation(function (this: Command) {
    return Promise.resolve(this)
  })
  try {
    await import('../../src/cli/main.ts')
    const [program] = parsing.mock.contexts
    if (program instanceof Command) return program
    throw new Error('main.ts parses nothing')
  } finally {
    parsing.mockRestore()
  }
}

/** Every command that does something, by its words: `credentials rotate`. */
export function commandsOf(command: Command, before: readonly string[] = []): ReadonlyMap<string, Command> {
  return new Map(
    command.commands.flatMap((sub): [string, Command][] => {
      const words = [...before, sub.name()]
      return sub.commands.length > 0 ? [...commandsOf(sub, words)] : [[words.join(' '), sub]]
    }),
  )
}

/** What a command line printed, and its exit code. */
interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Thrown in place of ending this process. */
class Exit extends Error {
  readonly code: number

  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

/** Runs a command line in this process, as the system would in one of its own. One at a time. */
export async function runTessera(
  program: Command,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const exiting = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Exit(Number(code ?? 0))
  })
  const before = process.exitCode
  process.exitCode = 0
  let code = 0
  try {
    const { stdout, stderr } = await runCommand(env, async () => {
      try {
        await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
          if (error instanceof Exit) throw error
          fail(error)
        })
        code = Number(process.exitCode)
      } catch (error) {
        if (!(error instanceof Exit)) throw error
        code = error.code
      }
    })
    return { code, stdout, stderr }
  } finally {
    process.exitCode = before
    exiting.mockRestore()
  }
}
