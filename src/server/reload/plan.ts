import { optionInfos } from '../../config/option-infos.ts'
import { type Config, resolveConfig } from '../../config/resolve.ts'
import type { Options } from '../../config/schema.ts'
import { isLive } from './table.ts'

/** The result of reading the configuration again. */
export interface Reload {
  /** The configuration to apply: the current one, with the new values of the options that can change. */
  readonly config: Config
  /** The options that change now, by key. */
  readonly changed: readonly string[]
  /** The options that differ but need a restart, by key. */
  readonly fixed: readonly string[]
}

/** The contents of files that options name. They may change while the name stays the same. */
const CONTENTS: Readonly<Record<string, (config: Config) => string | undefined>> = {
  'tls.cert': ({ certificate }) => certificate?.cert,
  'tls.key': ({ certificate }) => certificate?.key,
  'tls.client_ca': ({ clientAuthorities }) => clientAuthorities,
  'outbound.ca': ({ outboundAuthorities }) => outboundAuthorities,
  master_key_file: ({ masterKey }) => masterKey.toString('hex'),
  previous_master_key_file: ({ previousMasterKey }) => previousMasterKey?.toString('hex'),
  storage_password_file: ({ storageAccess }) => storageAccess.password,
}

/**
 * Plans the change from `current` to `next`.
 * @throws Mistakes if no server could start with the combination of the two
 */
export function planReload(current: Config, next: Config): Reload {
  const different = changedOptions(current, next)
  // A running listener can't switch between TLS and plain HTTP.
  const isOneSided = (current.certificate === undefined) !== (next.certificate === undefined)
  const canChange = (key: string) => isLive(key) && !(isOneSided && /^tls\.(cert|key)$/.test(key))
  const changed = different.filter(canChange)
  const fixed = different.filter((key) => !canChange(key))
  if (changed.length === 0) return { config: current, changed, fixed }
  const options = changed.reduce<Options>((merged, key) => withOption(merged, key, read(next, key)), current)
  const { masterKey, previousMasterKey, outboundAuthorities, storageAccess } = current
  const config = { ...resolveConfig(options), masterKey, previousMasterKey, outboundAuthorities, storageAccess }
  return { config: Object.freeze(config), changed, fixed }
}

/** The options whose value, or whose file, differs between two configurations, by key. */
export const changedOptions = (current: Config, next: Config): readonly string[] =>
  optionInfos.map(({ key }) => key).filter((key) => isDifferent(current, next, key))

function isDifferent(current: Config, next: Config, key: string): boolean {
  if (JSON.stringify(read(current, key)) !== JSON.stringify(read(next, key))) return true
  const contents = CONTENTS[key]
  return contents !== undefined && contents(current) !== contents(next)
}

function read(options: object, key: string): unknown {
  return key.split('.').reduce<unknown>((node, part) => {
    if (typeof node !== 'object' || node === null) return undefined
    return Object.entries(node).find(([name]) => name === part)?.[1]
  }, options)
}

/** A copy in which one option has another value. The value must already be valid for the option. */
function withOption<Tree extends object>(tree: Tree, key: string, value: unknown): Tree {
  const [head = '', ...rest] = key.split('.')
  if (rest.length === 0) return { ...tree, [head]: value }
  const branch = read(tree, head)
  return {
    ...tree,
    [head]: withOption(typeof branch === 'object' && branch !== null ? branch : {}, rest.join('.'), value),
  }
}
