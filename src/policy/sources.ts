import type { Api } from '../model/api.ts'
import type { Client } from '../model/client.ts'
import { isSameUri } from '../oauth/uri.ts'

/** The settings that give a client a scope at an API: in its entry, or in that of the API. */
export function sourcesOf(name: string, client: Client, api: Api): readonly string[] {
  const grant = client.grants.find((one) => isSameUri(one.api, api.audience))
  const groups = api.scopes.filter(({ includes = [] }) => includes.includes(name))
  const covers = (given: string) =>
    given === name || groups.some((group) => group.name === given) || (given.includes('*') && isLike(name, given))
  const inGrant = grant?.scopes.find(covers)
  const everywhere = api.byGrantOnly ? undefined : client.scopes.find(covers)
  const common = api.scopes.find((one) => one.common === true && covers(one.name))
  const as = (given: string) => (given === name ? '' : ` as ${given}`)
  return [
    ...(inGrant === undefined ? [] : [`a grant gives it at ${api.audience}${as(inGrant)}`]),
    ...(everywhere === undefined ? [] : [`scopes of the client gives it at every API${as(everywhere)}`]),
    ...(common === undefined || client.restrictScopes || api.byGrantOnly
      ? []
      : [`it is common to all clients of ${api.audience}${as(common.name)}`]),
  ]
}

/** Where a client has a scope from: named in its entry or for it, as a member of a group, or as one that all clients have. */
export type Giver = 'own' | 'group' | 'common'

/** Where a client has a scope from that it holds at an API. If several give it, the nearest counts. */
export function giverOf(name: string, client: Client, api: Api): Giver {
  const grant = client.grants.find((one) => isSameUri(one.api, api.audience))
  const given = [...(grant?.scopes ?? []), ...(api.byGrantOnly ? [] : client.scopes)]
  if (given.some((one) => one === name || (one.includes('*') && isLike(name, one)))) return 'own'
  const isGiven = api.scopes.some(({ name: group, includes = [] }) => includes.includes(name) && given.includes(group))
  return !isGiven && api.scopes.some((one) => one.name === name && one.common === true) ? 'common' : 'group'
}

/** Whether a scope begins and ends like a pattern. `accessOf` decides; this only names its ground. */
function isLike(name: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  return name.startsWith(first) && name.endsWith(others.at(-1) ?? '')
}
