import { Option } from 'commander'
import { collect } from './repeated-options.ts'

/** Options that several commands have. */
export const CONFIG = ['-c, --config <file>', 'the configuration that names the database'] as const
export const YES = ['--yes', 'do not ask, but do it'] as const
export const JSON_OUTPUT = ['--json', 'print JSON'] as const

export const OWNER = ['--owner <group>', 'only those of this owner; may be repeated', collect] as const
/** Not the opposite of the option without `no-`, for which commander would take it. */
const without = (flag: string, description: string) => Object.assign(new Option(flag, description), { negate: false })
export const noOwner = () => without('--no-owner', 'only those that nobody owns')
export const MANIFEST = ['--manifest <name>', 'only those that this manifest owns'] as const
export const noManifest = () => without('--no-manifest', 'only those that no manifest owns')
export const UNUSED = ['--unused <days>', 'only those that were not used for so many days, such as 90d'] as const
export const REVERSE = ['--reverse', 'the last first'] as const
export const MANIFEST_FILES = [
  '-f, --file <file>',
  'the manifest, YAML, or a folder of files; - reads standard input; may be repeated',
  collect,
] as const
export const TAKE_OVER = ['--take-over', 'do it even if a manifest owns what this changes'] as const
export const PRUNE = ['--prune', 'delete what the manifest owns and no longer names'] as const
export const DETAILED = ['--detailed-exitcode', 'exit with 2 if something changes, and with 0 if nothing does'] as const
export const REASON = ['--reason <text>', 'why, in one line; the audit log has it'] as const
