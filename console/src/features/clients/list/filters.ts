import { oneOf, text, texts } from '../../../shared/search.ts'

export const sorts = ['id', 'name', 'owner', 'created', 'last_used', 'next_expiry'] as const
export const kinds = ['secret', 'keys', 'certificate', 'federated'] as const

/** The filters of the list of clients, as they stand in the address. */
export interface Filters {
  readonly search?: string | undefined
  readonly owner?: readonly string[] | undefined
  readonly no_owner?: 'true' | undefined
  readonly tag?: string | undefined
  readonly manifest?: string | undefined
  readonly kind?: (typeof kinds)[number] | undefined
  readonly enabled?: 'true' | 'false' | undefined
  readonly unused_days?: string | undefined
  readonly expiring_days?: string | undefined
  readonly sort?: (typeof sorts)[number] | undefined
  readonly order?: 'desc' | undefined
}

const flag = (search: Record<string, unknown>, name: string) =>
  oneOf({ [name]: String(search[name]) }, name, ['true', 'false'])

/** Reads the filters of an address. A value that can't be read counts as left out. */
export const readFilters = (search: Record<string, unknown>): Filters => ({
  search: text(search, 'search'),
  owner: texts(search, 'owner'),
  no_owner: flag(search, 'no_owner') === 'true' ? 'true' : undefined,
  tag: text(search, 'tag'),
  manifest: text(search, 'manifest'),
  kind: oneOf(search, 'kind', kinds),
  enabled: flag(search, 'enabled'),
  unused_days: text(search, 'unused_days'),
  expiring_days: text(search, 'expiring_days'),
  sort: oneOf(search, 'sort', sorts),
  order: oneOf(search, 'order', ['desc']),
})

/** Whether any filter is set. The order is none. */
export const isFiltered = ({ sort: _, order: __, ...filters }: Filters): boolean =>
  Object.values(filters).some((value) => value !== undefined)
