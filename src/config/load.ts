/**
 * The options: declared, described and defaulted once, in `schema.ts`; read, and checked. May import `platform`,
 * `http`, `certificates`, `jws`, `keys`.
 */

import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import type { z } from 'zod'
import { nearest } from '../platform/nearest.ts'
import { ConfigError, problem } from './problem.ts'
import { isEnvironmentOnly, type Options, optionInfos, schema } from './schema.ts'

/** Where options come from: the later ones win. */
export interface Sources {
  /** A YAML file. */
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** By key, such as `runtime.port`. */
  readonly flags?: Readonly<Record<string, string>>
}

/** Reads the options: file, then environment, then flags. @throws ConfigError naming the first that is wrong */
export function loadOptions({ file, env, flags = {} }: Sources): Options {
  const tree: Record<string, unknown> = file === undefined ? {} : readFile(file)
  const origins = new Map<string, string>()
  for (const [key, { value, origin }] of Object.entries({ ...fromEnvironment(env), ...fromFlags(flags) })) {
    origins.set(key, origin)
    assign(tree, key, value)
  }
  const parsed = schema.safeParse(tree)
  if (parsed.success) return Object.freeze(parsed.data)
  throw explain(parsed.error, tree, origins, file)
}

interface Given {
  readonly value: string
  /** How the administrator gave it: the variable or flag. */
  readonly origin: string
}

function readFile(file: string): Record<string, unknown> {
  let content: unknown
  try {
    content = parseYaml(readFileSync(file, 'utf8')) ?? {}
  } catch (error) {
    throw new ConfigError(`${file}: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
  }
  if (typeof content !== 'object' || Array.isArray(content))
    throw new ConfigError(`${file}: must be a mapping of options`)
  const found = optionInfos.find((option) => isEnvironmentOnly(option.key) && option.key in (content as object))
  if (found !== undefined)
    throw new ConfigError(`${file}: ${found.key}: give it as ${found.env}, or use ${found.key}_file`)
  return content as Record<string, unknown>
}

/** What Kubernetes sets in every pod for a service named `tessera…` (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). */
const isServiceLink = (name: string, value: string): boolean =>
  /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)/.test(name) ||
  (name.endsWith('_PORT') && /^\w+:\/\//.test(value))

function fromEnvironment(env: Sources['env']): Record<string, Given> {
  const given: Record<string, Given> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '' || !name.startsWith('TESSERA_') || isServiceLink(name, value)) continue
    const option = optionInfos.find((candidate) => candidate.env === name)
    if (option === undefined) throw problem(name, undefined, `there is no such option; ${didYouMean(name, 'env')}`)
    given[option.key] = { value, origin: name }
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

function assign(tree: Record<string, unknown>, key: string, value: string): void {
  const [head = '', ...rest] = key.split('.')
  if (rest.length === 0) {
    tree[head] = value
    return
  }
  const branch = typeof tree[head] === 'object' && tree[head] !== null ? { ...tree[head] } : {}
  assign(branch, rest.join('.'), value)
  tree[head] = branch
}

function explain(
  error: z.ZodError,
  tree: Record<string, unknown>,
  origins: ReadonlyMap<string, string>,
  file: string | undefined,
): ConfigError {
  const [issue] = error.issues
  if (issue === undefined) return new ConfigError('the configuration is not readable')
  const key = issue.path.join('.')
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const where = file === undefined ? '' : `${file}: `
  if (unknown !== undefined) {
    const full = [...issue.path, unknown].join('.')
    return new ConfigError(`${where}${full}: there is no such option; ${didYouMean(full, 'key')}`)
  }
  const option = optionInfos.find((candidate) => key === candidate.key || key.startsWith(`${candidate.key}.`))
  const setting = origins.get(option?.key ?? key) ?? `${where}${key}`
  const value = issue.path.reduce<unknown>(
    (node, part) => (node as Record<PropertyKey, unknown> | undefined)?.[part],
    tree,
  )
  return problem(setting, option !== undefined && isEnvironmentOnly(option.key) ? undefined : value, issue.message)
}

function didYouMean(given: string, by: 'env' | 'key'): string {
  const meant = nearest(
    given,
    optionInfos.map((option) => option[by]),
  )
  return meant === undefined ? '`tessera config reference` lists them all' : `did you mean ${meant}?`
}
