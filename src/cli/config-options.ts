import { type Command, Option } from 'commander'
import { type Reading, readOptions } from '../config/load.ts'
import { isEnvironmentOnly, optionInfos } from '../config/option-infos.ts'
import { configFile, namedConfigFile } from './settings.ts'

const flagged = optionInfos.filter((option) => !isEnvironmentOnly(option.key))

/** Adds `--config`, and a flag for every option of the configuration. */
export function addConfigOptions(command: Command): Command {
  command.option(
    '-c, --config <file>',
    'the configuration, YAML; TESSERA_* variables override it, and flags override both',
  )
  for (const { key, flag, description, fallback } of flagged) {
    const shown = fallback === undefined ? '' : ` (default: ${String(fallback) || 'none'})`
    command.addOption(new Option(`${flag} <value>`, description + shown).helpGroup(headingOf(key)))
  }
  return command
}

const ACRONYMS: Readonly<Record<string, string>> = { http: 'HTTP', tls: 'TLS', dpop: 'DPoP' }

/** The heading of an option in the help: its section of the file, or its subject at the top of the file. */
function headingOf(key: string): string {
  const [section = ''] = key.split(/[._]/)
  const isTop = !key.includes('.') && section !== 'storage'
  return isTop ? 'Options:' : `${ACRONYMS[section] ?? `${section[0]?.toUpperCase()}${section.slice(1)}`} options:`
}

/** Reads the configuration of a command with `addConfigOptions`, and collects the mistakes. */
export const givenOptions = (command: Command): Reading => {
  const { config, flags } = givenFlags(command)
  return readOptions({ file: configFile(config, process.env), env: process.env, flags })
}

/** Reads the configuration of `tessera dev`, which ignores the usual file of the machine. `isGiven` tells options from defaults. */
export function developmentOptionsOf(command: Command): Reading & { readonly isGiven: (key: string) => boolean } {
  const { config, flags } = givenFlags(command)
  const reading = readOptions({ file: namedConfigFile(config, process.env), env: process.env, flags })
  const isGiven = (key: string) =>
    key in flags || optionInfos.some((option) => option.key === key && process.env[option.env] !== undefined)
  return { ...reading, isGiven }
}

function givenFlags(command: Command) {
  const given = command.opts<{ config?: string } & Record<string, string>>()
  const flags: Record<string, string> = {}
  for (const { key, flag } of flagged) {
    const value = given[command.options.find((option) => option.long === flag)?.attributeName() ?? '']
    if (value !== undefined) flags[key] = value
  }
  return { config: given.config, flags }
}
