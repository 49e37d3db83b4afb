import { Readable } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Command } from 'commander'
import { vi } from 'vitest'
import { fail } from '../../src/cli/fail.ts'
import { program } from '../../src/cli/main.ts'
import { isGroup } from '../../src/cli/reference.ts'
import { runCommand } from './command.ts'

/** Every command with an action, under its words, such as `credentials rotate`. */
export function commandsOf(command: Command = program, before: readonly string[] = []): ReadonlyMap<string, Command> {
  return new Map(
    command.commands.flatMap((sub): [string, Command][] => {
      const words = [...before, sub.name()]
      return [...(isGroup(sub) ? [] : [[words.join(' '), sub] as [string, Command]]), ...commandsOf(sub, words)]
    }),
  )
}

/** The output of `tessera`, and its exit code. */
export interface Printed {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Thrown instead of ending this process. */
class Exit extends Error {
  readonly code: number

  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

/**
 * Runs `tessera` in this process, with arguments as a shell would pass them. Calls must not overlap. @param input the
 * command's standard input @param isTerminal whether it comes from a terminal
 */
export async function runTessera(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input: string | Buffer = '',
  { isTerminal = false }: { readonly isTerminal?: boolean } = {},
): Promise<Printed> {
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Object.assign(pipeOf(input), { isTTY: isTerminal }))
  const exiting = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Exit(Number(code ?? 0))
  })
  const before = process.exitCode
  const authorities = getCACertificates('default')
  const umask = process.umask(0o022)
  process.umask(umask)
  process.exitCode = 0
  let code = 0
  try {
    const { stdout, stderr } = await runCommand(env, async () => {
      try {
        await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
          if (error instanceof Exit) throw error
          fail(error, args)
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
    // `tessera token --ca` adds an authority to those of the process. Setting them takes longer than most commands.
    if (getCACertificates('default') !== authorities) setDefaultCACertificates(authorities)
    // `tessera dev` keeps its files from other users.
    process.umask(umask)
    exiting.mockRestore()
    stdin.mockRestore()
  }
}

/** A pipe that holds `input`, with the members that commands use. */
const pipeOf = (input: string | Buffer) =>
  Object.assign(Readable.from(input.length === 0 ? [] : [Buffer.from(input)]), {
    fd: 0,
  } as const) as typeof process.stdin
