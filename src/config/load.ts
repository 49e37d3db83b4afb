import { shownLocation } from '../input/database-location.ts'
import { type Issue, issuesOf, parseInOurWords } from '../input/issues.ts'
import { readYaml } from '../input/yaml.ts'
import type { Path } from '../input/yaml-nodes.ts'
import { decodeText, LONGEST_FILE, readFile, SERVER_PATIENCE_MS } from '../platform/files.ts'
import { nearest } from '../platform/nearest.ts'
import { MistakeList } from '../platform/user-error.ts'
import { isEnvironmentOnly, type OptionInfo, optionInfos } from './option-infos.ts'
import { ConfigError, problem } from './problem.ts'
import { type Options, schema } from './schema.ts'

/** The sources of options. Later ones win. */
export interface Sources {
  /** A YAML file. */
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Values by key, such as `runtime.port`. */
  readonly flags?: Readonly<Record<string, string>>
}

/** The readable options, and the mistakes in the others. */
export interface Reading {
  /** The options. A wrong one has its default. */
  readonly options: Options
  readonly mistakes: readonly string[]
  /** The keys of the wrong options. */
  readonly wrong: ReadonlySet<string>
  /** Whether they are for `tessera dev`. */
  readonly isDevelopment?: boolean
}

/**
 * Variables that are not options: some name the target of a command, or the token of its platform, and `TESSERA_DEBUG` makes failures
 * verbose.
 */
const OTHER_VARIABLES = [
  'TESSERA_CONFIG',
  'TESSERA_DEBUG',
  'TESSERA_ID_TOKEN',
  'TESSERA_PROFILE',
  'TESSERA_SERVER',
  'TESSERA_TOKEN',
]

/** Reads the options: file, then environment, then flags. @throws Mistakes that lists every mistake */
export function loadOptions(sources: Sources): Options {
  const { options, mistakes } = readOptions(sources)
  const list = new MistakeList()
  for (const mistake of mistakes) list.add(mistake)
  list.refuse()
  return options
}

/** Reads as many options as possible, and collects the mistakes. */
export function readOptions({ file, env, flags = {} }: Sources): Reading {
  const mistakes = new MistakeList()
  const read: Tree | undefined = file === undefined ? {} : mistakes.take(() => parseFile(file, mistakes))
  const tree = read ?? {}
  const given = { ...fromEnvironment(env, mistakes), ...fromFlags(flags) }
  for (const [key, { value }] of Object.entries(given)) assign(tree, key.split('.'), value)
  // An unreadable file may contain any option, so none of them is reported as missing.
  const wrong = new Set<string>(read === undefined ? optionInfos.map(({ key }) => key) : [])
  // Remove each wrong value, so that the rest can be checked in the same run.
  for (;;) {
    const parsed = parseInOurWords(schema, tree)
    if (parsed.success) return { options: Object.freeze(parsed.data), mistakes: mistakes.all, wrong }
    for (const issue of issuesOf(parsed.error)) {
      mistakes.add(explain(issue, given, file).message)
      const option = optionAt(issue.path)
      if (option !== undefined) wrong.add(option.key)
      remove(tree, issue.isUnknown ? issue.path : (option?.key.split('.') ?? issue.path))
    }
  }
}

type Tree = Record<string, unknown>

interface Given {
  readonly value: string
  /** The variable or flag that gave the value. */
  readonly origin: string
}

/** @throws Mistakes or ConfigError if the file is not a YAML mapping */
function parseFile(file: string, mistakes: MistakeList): Tree {
  const { bytes, fault } = readFile(file, LONGEST_FILE, SERVER_PATIENCE_MS)
  if (bytes === undefined) throw new ConfigError(`${file} can't be read: ${fault}`)
  const content = decodeText(bytes)
  if (content === undefined) throw new ConfigError(`${file} is not text in UTF-8`)
  const { value = {} } = readYaml(file, content)
  if (!isTree(value)) throw new ConfigError(`${file}: must be a mapping of options`)
  const tree: Tree = { ...value }
  for (const { key, env } of optionInfos) {
    const path = key.split('.')
    if (!isEnvironmentOnly(key) || !holds(tree, path)) continue
    mistakes.add(`${file}: ${key}: give it as ${env}, or use ${key}_file`)
    remove(tree, path)
  }
  return tree
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

const holds = (tree: Tree, [head = '', ...rest]: readonly string[]): boolean => {
  const value = Object.hasOwn(tree, head) ? tree[head] : undefined
  return rest.length === 0 ? value !== undefined : isTree(value) && holds(value, rest)
}

/**
 * Whether Kubernetes set a variable for a service named `tessera…`, as it does in every pod
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
 */
const isServiceLink = (name: string, value: string): boolean =>
  /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)/.test(name) ||
  (name.endsWith('_PORT') && /^\w+:\/\//.test(value))

function fromEnvironment(env: Sources['env'], mistakes: MistakeList): Record<string, Given> {
  const given: Record<string, Given> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith('TESSERA_') || isServiceLink(name, value)) continue
    const option = optionInfos.find((candidate) => candidate.env === name)
    if (option !== undefined) given[option.key] = { value, origin: name }
    else if (!OTHER_VARIABLES.includes(name))
      mistakes.add(`${name}: there is no such option; ${didYouMean(name, 'env')}`)
  }
  return given
}

function fromFlags(flags: Readonly<Record<string, string>>): Record<string, Given> {
  return Object.fromEntries(
    Object.entries(flags).map(([key, value]) => [
      key,
      { value, origin: optionInfos.find((o) => o.key === key)?.flag ?? key },
    ]),
  )
}

/** Sets an option. A section that is not a mapping stays as it is, so that the schema refuses it. */
function assign(tree: Tree, [head = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    tree[head] = value
    return
  }
  const section = tree[head] === undefined ? {} : tree[head]
  if (!isTree(section)) return
  const copy = { ...section }
  assign(copy, rest, value)
  tree[head] = copy
}

/** Removes the value at a path. */
function remove(tree: Tree, [head = '', ...rest]: Path): void {
  const name = String(head)
  const section = tree[name]
  if (rest.length === 0 || !isTree(section)) {
    delete tree[name]
    return
  }
  const copy = { ...section }
  remove(copy, rest)
  tree[name] = copy
}

function explain(
  { path, value, message, isUnknown }: Issue,
  given: Readonly<Record<string, Given>>,
  file: string | undefined,
): ConfigError {
  const key = path.join('.')
  const where = file === undefined ? '' : `${file}: `
  if (isUnknown) return new ConfigError(`${where}${key}: there is no such option; ${didYouMean(key, 'key')}`)
  const option = optionAt(path)
  const { origin, value: written } = given[option?.key ?? ''] ?? {}
  if (option !== undefined && isEnvironmentOnly(option.key)) return problem(origin ?? key, undefined, message)
  const shown = typeof value === 'string' ? withoutPassword(option?.key, value) : value
  // If one entry of a list is wrong, the path goes beyond the option.
  const [entry, ...within] = option === undefined ? [] : path.slice(option.key.split('.').length)
  const setting = origin ?? `${where}${option?.key ?? key}`
  if (entry !== undefined) {
    const field = within.length === 0 ? '' : `, ${within.join('.')}`
    return problem(
      `${setting} entry ${Number(entry) + 1}${field}`,
      isTree(shown) ? undefined : (shown ?? undefined),
      message,
    )
  }
  return problem(setting, typeof shown === 'number' ? (written ?? shown) : (shown ?? undefined), message)
}

/** A value that a message may show. A password is removed, even from an invalid address. */
const withoutPassword = (key: string | undefined, value: string): string =>
  key === 'storage' ? shownLocation(value) : value.replace(/^([\w+.-]*:\/\/[^:@/?#]*):.*@/s, '$1:***@')

/** The option at a path or around it. */
function optionAt(path: Path): OptionInfo | undefined {
  const key = path.join('.')
  return optionInfos.find((candidate) => key === candidate.key || key.startsWith(`${candidate.key}.`))
}

function didYouMean(given: string, by: 'env' | 'key'): string {
  const meant = nearest(
    given,
    optionInfos.map((option) => option[by]),
  )
  return meant === undefined ? '`tessera config reference` lists them all' : `did you mean ${meant}?`
}
