import type { Command } from 'commander'

/** `tessera help`: prints the help of the command that the words name. */
export function showHelp(program: Command, words: readonly string[]): void {
  let command: Command = program
  for (const word of words) {
    const sub = command.commands.find((candidate) => candidate.name() === word)
    if (sub === undefined) command.error(`error: unknown command '${word}'`, { code: 'commander.unknownCommand' })
    command = sub
  }
  command.outputHelp()
}
