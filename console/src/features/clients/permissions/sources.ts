import type { Answer, Entry } from '../../../api/types.ts'
import { clientPermissions as t } from '../../../texts/client-permissions.ts'

type Client = Pick<Answer<'clients.show'>, 'scopes' | 'restrict_scopes'>
export type Api = Pick<Entry<'apis.list'>, 'audience' | 'name' | 'scopes'>
export type Grant = Entry<'grants.list'>

/** A scope of an API, and why the client has it. */
export interface Row {
  readonly name: string
  readonly description: string | undefined
  readonly isOnRequest: boolean
  /** Why it has the scope without a grant at this API; undefined if it has not. */
  readonly elsewhere: string | undefined
}

/** Whether a pattern with stars covers a name, such as `orders:*` and `orders:42`. */
const covers = (pattern: string, name: string): boolean =>
  pattern.includes('*') &&
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.+')}$`,
  ).test(name)

/** The scopes of an API as rows of the matrix. Granted names that the API does not declare come last. */
export function rowsOf(client: Client, api: Api, grant: Grant | undefined): readonly Row[] {
  const { scopes: everywhere = [], restrict_scopes: isRestricted = false } = client
  const scopes = api.scopes ?? []
  const held = new Set([...everywhere, ...(grant?.scopes ?? [])])
  const groups = scopes.filter(
    (one) => one.includes !== undefined && (held.has(one.name) || (one.common === true && !isRestricted)),
  )
  const declared = scopes.map((scope): Row => {
    const { name, description, common, on_request: isOnRequest = false } = scope
    const group = groups.find((one) => one.includes?.includes(name))
    const isEverywhere = everywhere.some((one) => one === name || covers(one, name))
    return {
      name,
      description,
      isOnRequest,
      elsewhere: isEverywhere
        ? t.sources.everywhere
        : common === true && !isRestricted
          ? t.sources.common
          : group && t.sources.group(group.name),
    }
  })
  const names = new Set(declared.map(({ name }) => name))
  const others = [...(grant?.scopes ?? []), ...(grant?.default_scopes ?? [])].filter((name) => !names.has(name))
  return [
    ...declared,
    ...[...new Set(others)].map((name) => ({
      name,
      description: scopes.some((one) => covers(one.name, name)) ? undefined : t.unknown,
      isOnRequest: false,
      elsewhere: undefined,
    })),
  ]
}
