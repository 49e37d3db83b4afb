import { type Command, Option } from 'commander'
import { placeForms } from './destinations.ts'

/** The option of each command that makes secrets. */
export interface SecretsOptions {
  readonly secretsTo?: string | undefined
}

/** The commands that make secrets. A test finds others. */
const MAKERS: ReadonlySet<string> = new Set([
  'admin bootstrap',
  'admin reset',
  'apply',
  'clients create',
  'credentials add',
  'credentials rotate',
])

/** Gives every command that makes secrets the option that names their place. */
export function addSecretsOption(command: Command, words: readonly string[] = []): void {
  if (MAKERS.has(words.join(' ')))
    command.addOption(
      new Option(
        '--secrets-to <place>',
        `the place of new secrets: ${placeForms}; by default, a terminal shows them, and a command without one makes none`,
      ),
    )
  for (const sub of command.commands) addSecretsOption(sub, [...words, sub.name()])
}
