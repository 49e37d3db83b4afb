import fc from 'fast-check'
import type { Api, Scope } from '../../src/model/api.ts'
import { ApiSet } from '../../src/model/api-set.ts'
import type { Client } from '../../src/model/client.ts'
import { Audience, ClientId } from '../../src/oauth/ids.ts'
import { Refusal } from '../../src/oauth/refusal.ts'
import { AccessDecisions } from '../../src/policy/entitlement.ts'
import { clientWith } from '../harness/client-record.ts'

/** Some APIs that share names of scopes, and a client. */
export interface Model {
  readonly apis: ApiSet
  readonly client: Client
}

/** The parameters of a token request that decide what it is for. */
export interface Request {
  readonly scope: readonly string[] | undefined
  readonly targets: readonly string[]
}

type Decision =
  | { readonly kind: 'granted'; readonly apis: readonly Api[]; readonly scopes: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }

/** The decision of the tested code. */
export function decideIn({ apis, client }: Model, request: Request): Decision {
  try {
    return { kind: 'granted', ...new AccessDecisions().decide(client, request, apis) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { kind: 'refused', reason: error.reason }
  }
}

/** Few names, so that APIs often share one with different meanings. */
const FIXED = ['a', 'b', 'c', 'd:1', 'd:2']
/** The API itself reads the second and the last two as patterns. */
const STARRED: readonly Scope[] = [
  { name: 'd:*' },
  { name: 'd:1*', wildcard: true },
  { name: 'e:*:z' },
  { name: 'w:*/*' },
  { name: 'w:x/*', wildcard: true },
]
const GROUPS = ['g', 'h', 'a']
const VALUES = ['d:1', 'd:2', 'd:3', 'e:1:z', 'w:x/y', 'w:x/*', 'w:*/*', 'w:q/*', 'd:1*', 'd:12', 'd:12*']

const flags = { common: fc.boolean(), onRequest: fc.boolean() }

const audienceOf = (index: number): Audience => Audience(`https://${index}.example.com`)

const anyApi = (index: number): fc.Arbitrary<Api> =>
  fc
    .record({
      fixed: fc.subarray(FIXED),
      starred: fc.subarray([...STARRED]),
      groups: fc.subarray(GROUPS),
      settings: fc.array(fc.record(flags), { minLength: 13, maxLength: 13 }),
      members: fc.array(fc.subarray(FIXED, { minLength: 1 }), { minLength: 3, maxLength: 3 }),
    })
    .map(({ fixed, starred, groups, settings, members }) => {
      const scopes: Scope[] = [...fixed.map((name) => ({ name })), ...starred].map((scope, at) => ({
        ...scope,
        ...settings[at],
      }))
      for (const [at, name] of groups.entries()) {
        const includes = (members[at] ?? []).filter((member) => fixed.includes(member))
        if (includes.length > 0 && !fixed.includes(name)) scopes.push({ name, ...settings[at + 10], includes })
      }
      return {
        audience: audienceOf(index),
        name: undefined,
        scopes,
        token: {},
        require: undefined,
        manifest: undefined,
      }
    })

const anyAudience = fc.integer({ min: 0, max: 3 }).map(audienceOf)

const NAMES = [...FIXED, ...STARRED.map(({ name }) => name), ...GROUPS, ...VALUES]

const anyClient: fc.Arbitrary<Client> = fc
  .record({
    scopes: fc.subarray(NAMES),
    restrictScopes: fc.boolean(),
    defaultApi: fc.option(anyAudience, { nil: undefined }),
    grants: fc.uniqueArray(
      fc.record({ api: anyAudience, scopes: fc.subarray(NAMES), defaultScopes: fc.subarray([...FIXED, ...VALUES]) }),
      { selector: ({ api }) => api, maxLength: 3 },
    ),
    defaultScopes: fc.subarray([...FIXED, ...VALUES]),
  })
  .map((given) => clientWith({ ...given, id: ClientId('client') }))

/** A model, and a request related to it. */
export const anyModel = (): fc.Arbitrary<readonly [Model, Request]> =>
  fc
    .integer({ min: 1, max: 4 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyApi(index))))
    .chain((apis) =>
      fc.tuple(
        anyClient.map((client) => ({ client, apis: new ApiSet(apis) })),
        fc.record({
          scope: fc.option(fc.subarray([...FIXED, ...GROUPS, ...VALUES], { minLength: 1, maxLength: 4 }), {
            nil: undefined,
          }),
          targets: fc.subarray(apis.map((api) => String(api.audience))),
        }),
      ),
    )

const isPattern = ({ name, wildcard }: Scope): boolean => wildcard === true || name.split('*').length > 2

const escaped = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`)

/** Whether a name matches a pattern, by a regular expression. */
const fits = (pattern: string, name: string, each: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escaped).join(each)}$`).test(name)

/** The scope that the API reads a name in a token as: of several patterns, the one with the most text. */
const scopeNamed = (api: Api, name: string): Scope | undefined => {
  const named = api.scopes.find((scope) => scope.name === name)
  if (named !== undefined) return named
  const fitting = api.scopes.filter(
    (scope) => scope.name.includes('*') && fits(scope.name, name, isPattern(scope) ? '.*' : '[^*]+'),
  )
  return fitting
    .filter((scope) => isPattern(scope) || !name.includes('*'))
    .sort((one, other) => other.name.replaceAll('*', '').length - one.name.replaceAll('*', '').length)[0]
}

/** Whether an API knows a name in a token. An API that reads patterns knows every pattern. */
export const knownAt = (api: Api, name: string): boolean =>
  scopeNamed(api, name) !== undefined || (name.includes('*') && api.scopes.some((scope) => scope.name.includes('*')))

/**
 * Whether a client may have a scope at an API. It needs the scope, a group with it, or its dynamic scope; or the scope
 * is common and the client unrestricted. Independent of the tested code.
 */
export function isGrantedAt(client: Client, api: Api, name: string): boolean {
  const scope = scopeNamed(api, name)
  if (scope === undefined) return false
  const here = client.grants.filter((grant) => grant.api === api.audience).flatMap((grant) => grant.scopes)
  const given = [...client.scopes, ...here]
  const mayHave = (names: readonly string[], one: Scope): boolean =>
    (one.common === true && !client.restrictScopes) || names.some((each) => given.includes(each))
  if (name === scope.name && name.includes('*') && !isPattern(scope)) return false
  if (mayHave([name, scope.name], scope)) return true
  const parts = isPattern(scope) ? given.filter((one) => one.includes('*') && fits(scope.name, one, '.*')) : []
  if (parts.some((part) => fits(part, name, '.*'))) return true
  const groups = api.scopes.filter((group) => group.includes?.some((member) => [name, scope.name].includes(member)))
  if (groups.some((group) => mayHave([group.name], group))) return true
  // For a client with all members, the group adds nothing.
  return scope.includes?.every((member) => isGrantedAt(client, api, member)) ?? false
}
