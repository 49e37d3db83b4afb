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

/** Lets the options that many commands have stand before the command, too: `tessera -c tessera.yaml clients list`. */
export function addGlobalOptions(program: Command): void {
  program
    .enablePositionalOptions()
    .option('-c, --config <file>', 'the configuration of the command')
    .addOption(outputOption())
    .hook('preAction', (_program, command) => {
      for (const [name, value] of Object.entries(program.opts<Readonly<Record<string, string>>>()))
        passOn(command, name, value)
    })
}

/** @throws UsageError if the command has no such option, or got it as well */
function passOn(command: Command, name: string, value: string): void {
  const long = `--${name}`
  if (!hasOption(command, long)) throw new UsageError(`this command has no ${long}`)
  if (command.getOptionValueSource(name) === 'cli') throw new UsageError(`${long} is given twice, and takes one value`)
  command.setOptionValueWithSource(name, value, 'cli')
}
