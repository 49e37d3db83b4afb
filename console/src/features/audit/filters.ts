import type { operations } from '../../api/schema.d.ts'
import { oneOf, text, texts } from '../../shared/search.ts'
import { audit as t } from '../../texts/audit.ts'

type Asked = NonNullable<operations['audit.list']['parameters']['query']>
type EventType = NonNullable<Asked['type']>[number]

export const eventTypes = Object.keys(t.types) as readonly EventType[]
export const results = ['success', 'refused'] as const

/** Times before now, in milliseconds. */
export const lasts = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
} as const

type Last = keyof typeof lasts

/** The filters of the audit log, as they stand in the address. */
export interface Filters {
  readonly last?: Last | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly type?: readonly EventType[] | undefined
  readonly result?: (typeof results)[number] | undefined
  readonly reason?: readonly string[] | undefined
  readonly client?: readonly string[] | undefined
  readonly owner?: readonly string[] | undefined
  readonly actor?: string | undefined
  readonly request_id?: string | undefined
  readonly credential?: string | undefined
  readonly api?: string | undefined
}

interface Search extends Filters {
  /** New events are followed. */
  readonly live?: true | undefined
}

const moment = (search: Record<string, unknown>, name: string): string | undefined => {
  const at = text(search, name)
  return at === undefined || Number.isNaN(Date.parse(at)) ? undefined : new Date(at).toISOString()
}

/** Reads the filters of an address. A value that can't be read counts as left out. */
export function readSearch(search: Record<string, unknown>): Search {
  const types = texts(search, 'type')?.flatMap((name) => eventTypes.filter((one) => one === name))
  return {
    last: oneOf(search, 'last', Object.keys(lasts) as Last[]),
    since: moment(search, 'since'),
    until: moment(search, 'until'),
    type: types?.length === 0 ? undefined : types,
    result: oneOf(search, 'result', results),
    reason: texts(search, 'reason'),
    client: texts(search, 'client'),
    owner: texts(search, 'owner'),
    actor: text(search, 'actor'),
    request_id: text(search, 'request_id'),
    credential: text(search, 'credential'),
    api: text(search, 'api'),
    live: search['live'] === true ? true : undefined,
  }
}

/** The filters alone, without what else stands in the address. */
export const filtersOf = (search: Search): Filters => {
  const { live: _, ...filters } = readSearch({ ...search })
  return filters
}

export const isFiltered = (filters: Filters): boolean => Object.values(filters).some((value) => value !== undefined)

/** The parameters of the API. @param now from which `last` counts */
export function parametersOf({ last, ...filters }: Filters, now: number): Asked {
  const since = last === undefined ? filters.since : new Date(now - lasts[last]).toISOString()
  const { type, reason, client, owner, ...others } = filters
  return {
    ...others,
    ...(type && { type: [...type] }),
    ...(reason && { reason: [...reason] }),
    ...(client && { client: [...client] }),
    ...(owner && { owner: [...owner] }),
    ...(since !== undefined && { since }),
  }
}
