import type { Api } from '../model/api.ts'
import type { Client } from '../model/client.ts'
import { covers } from '../model/scope-patterns.ts'
import { isSameUri } from '../oauth/uri.ts'

/** How a client has a scope: a setting of its own names or covers it, a group of scopes that it was given has it, or all clients have it. */
export type Giver = 'own' | 'group' | 'common'

interface Ground {
  readonly giver: Giver
  readonly text: string
}

/** The settings that give a client a scope at an API, those of the client first. `accessOf` decides; this names its grounds. */
function groundsOf(name: string, client: Client, api: Api): readonly Ground[] {
  const groups = new Set(api.scopes.filter(({ includes = [] }) => includes.includes(name)).map((group) => group.name))
  const gives = (given: string) => covers(given, name) || groups.has(given)
  const ground = (given: string | undefined, where: string, isCommon = false): readonly Ground[] => {
    if (given === undefined) return []
    const text = given === name ? where : `${where} as ${given}`
    return [{ giver: isCommon ? 'common' : groups.has(given) ? 'group' : 'own', text }]
  }
  const grant = client.grants.find((one) => isSameUri(one.api, api.audience))
  const isOpen = !api.byGrantOnly
  return [
    ...ground(grant?.scopes.find(gives), `a grant gives it at ${api.audience}`),
    ...ground(isOpen ? client.scopes.find(gives) : undefined, 'scopes of the client gives it at every API'),
    ...ground(
      isOpen && !client.restrictScopes ? commonScopeFor(name, api) : undefined,
      `it is common to all clients of ${api.audience}`,
      true,
    ),
  ]
}

/** The common scope of an API that is this one, or a group that has it; undefined if only some clients may have it. */
export function commonScopeFor(name: string, api: Api): string | undefined {
  if (api.byGrantOnly) return undefined
  return api.scopes.find(
    ({ name: own, common, includes = [] }) => common === true && (covers(own, name) || includes.includes(name)),
  )?.name
}

/** The settings that give a client a scope at an API, in words. */
export const sourcesOf = (name: string, client: Client, api: Api): readonly string[] =>
  groundsOf(name, client, api).map(({ text }) => text)

const NEAREST = ['own', 'group', 'common'] as const

/** How a client has a scope that it holds at an API. If several settings give it, the nearest counts. */
export function giverOf(name: string, client: Client, api: Api): Giver {
  const givers = new Set(groundsOf(name, client, api).map(({ giver }) => giver))
  return NEAREST.find((giver) => givers.has(giver)) ?? 'own'
}
