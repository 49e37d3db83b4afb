import { type Command, Option } from 'commander'
import { UsageError } from '../platform/user-error.ts'
import { FORMATS } from './format.ts'

const hasOption = (command: Command, long: string): boolean => command.options.some((option) => option.long === long)

const outputOption = () =>
  new Option('--output <format>', 'the form of the result; json is the same as --json').choices(FORMATS)

/** Gives every command that prints JSON the other forms as well. */
export function addOutputOptions(command: Command): void {
  if (hasOption(command, '--json')) command.addOption(outputOption())
  for (const sub of command.commands) addOutputOptions(sub)
}

/** The commands that work on a server as well as on a database. A test compares them with the table of operations. */
export const REMOTE: ReadonlySet<string> = new Set([
  'apis delete',
  'apis list',
  'apis show',
  'apply',
  'audit list',
  'audit tail',
  'clients create',
  'clients delete',
  'clients disable',
  'clients enable',
  'clients list',
  'clients show',
  'credentials add',
  'credentials cancel',
  'credentials label',
  'credentials list',
  'credentials remove',
  'credentials revoke',
  'credentials rotate',
  'diff',
  'explain',
  'export',
  'groups delete',
  'groups list',
  'groups put',
  'groups show',
  'keys list',
  'keys revoke',
  'keys rollback',
  'keys rotate',
  'nodes list',
  'plan',
  'revocations list',
  'revoke',
  'usage',
])

const TARGET_HEADING = 'Target options:'

const targetOptions = () => [
  new Option('--server <url>', 'the server, which must have been logged in to').helpGroup(TARGET_HEADING),
  new Option('--profile <name>', 'the profile of a server').helpGroup(TARGET_HEADING),
]

/** Gives every command that works on a server the options that name one. */
export function addTargetOptions(command: Command, words: readonly string[] = []): void {
  if (REMOTE.has(words.join(' '))) {
    command.options.find(({ long }) => long === '--config')?.helpGroup(TARGET_HEADING)
    for (const option of targetOptions()) command.addOption(option)
  }
  for (const sub of command.commands) addTargetOptions(sub, [...words, sub.name()])
}

/** Lets the options that many commands have stand before the command, too: `tessera -c tessera.yaml clients list`. */
export function addGlobalOptions(program: Command): void {
  program
    .enablePositionalOptions()
    .option('-c, --config <file>', 'the configuration of the command')
    .option('--server <url>', 'the server on which the command works')
    .option('--profile <name>', 'the profile of the server on which the command works')
    .addOption(outputOption())
    .hook('preAction', (_program, command) => {
      for (const [name, value] of Object.entries(program.opts<Readonly<Record<string, string>>>()))
        passOn(command, name, value)
      refuseServer(command, process.env)
    })
}

/** @throws UsageError if the environment names a server, and the command works on a database only */
function refuseServer(command: Command, env: Readonly<Record<string, string | undefined>>): void {
  if (env['TESSERA_SERVER'] === undefined || !hasOption(command, '--config') || hasOption(command, '--server')) return
  const { config, issuer } = command.opts<Readonly<Record<string, unknown>>>()
  if (config === undefined && (issuer === undefined || !hasOption(command, '--as')))
    throw new UsageError('this command works on this machine only: give --config, or unset TESSERA_SERVER')
}

/** @throws UsageError if the command has no such option, or got it as well */
function passOn(command: Command, name: string, value: string): void {
  const long = `--${name}`
  const isOfServer = name === 'server' || name === 'profile'
  if (!hasOption(command, long) && isOfServer)
    throw new UsageError('this command works on this machine only: it takes no server')
  if (!hasOption(command, long)) throw new UsageError(`this command has no ${long}`)
  if (command.getOptionValueSource(name) === 'cli') throw new UsageError(`${long} is given twice, and takes one value`)
  command.setOptionValueWithSource(name, value, 'cli')
}
