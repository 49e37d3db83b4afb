import type { Command } from 'commander'
import { loadOptions, type Sources } from '../config/load.ts'
import { isEnvironmentOnly, type Options, optionInfos } from '../config/schema.ts'

const flagged = optionInfos.filter((option) => !isEnvironmentOnly(option.key))

/** Adds `--config`, and a flag for every option of the configuration. */
export function addConfigOptions(command: Command): Command {
  command.option(
    '-c, --config <file>',
    'the configuration, YAML; TESSERA_* variables win over it, and flags over those',
  )
  for (const { flag, description, fallback } of flagged) {
    const shown = fallback === undefined ? '' : ` (default: ${String(fallback) || 'none'})`
    command.option(`${flag} <value>`, description + shown)
  }
  return command
}

/** What a command of `addConfigOptions` was given, and which options that names. */
export function givenOptions(command: Command): {
  readonly options: Options
  readonly isGiven: (key: string) => boolean
} {
  const given = command.opts<{ config?: string } & Record<string, string>>()
  const flags: Record<string, string> = {}
  for (const { key, flag } of flagged) {
    const value = given[command.options.find((option) => option.long === flag)?.attributeName() ?? '']
    if (value !== undefined) flags[key] = value
  }
  const sources: Sources = { file: given.config, env: process.env, flags }
  const isGiven = (key: string) =>
    key in flags || optionInfos.some((option) => option.key === key && process.env[option.env])
  return { options: loadOptions(sources), isGiven }
}
