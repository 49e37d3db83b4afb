import { type Kind, kinds } from '../../../shared/credentials/kinds.ts'
import { oneOf, text, texts } from '../../../shared/search.ts'
import { clients as t } from '../../../texts/clients.ts'

export const sorts = ['id', 'name', 'owner', 'created', 'last_used', 'next_expiry'] as const

/** The filters of the list of clients, as they stand in the address. */
export interface Filters {
  readonly search?: string | undefined
  readonly owner?: readonly string[] | undefined
  readonly no_owner?: 'true' | undefined
  readonly tag?: string | undefined
  readonly manifest?: string | undefined
  readonly kind?: Kind | undefined
  readonly enabled?: 'true' | 'false' | undefined
  readonly unused_days?: string | undefined
  readonly expiring_days?: string | undefined
  readonly sort?: (typeof sorts)[number] | undefined
  readonly order?: 'desc' | undefined
}

const flag = (search: Record<string, unknown>, name: string) =>
  oneOf({ [name]: String(search[name]) }, name, ['true', 'false'])

/** Reads the filters of an address. A value that can't be read counts as left out, and so does what other parts have there. */
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

interface Chosen {
  readonly name: keyof typeof t.filterNames
  readonly title: string
  readonly value: string
}

/** The filters that are set beside the search, in words. */
export function chosen(filters: Filters): readonly Chosen[] {
  const names = Object.keys(t.filterNames) as (keyof typeof t.filterNames)[]
  return names.flatMap((name) =>
    filters[name] === undefined ? [] : [{ name, title: t.filterNames[name], value: inWords(filters, name) }],
  )
}

function inWords(filters: Filters, name: keyof typeof t.filterNames): string {
  const { enabled, kind, owner } = filters
  if (name === 'enabled') return enabled === 'true' ? t.enabled : t.disabled
  if (name === 'kind') return kind === undefined ? '' : t.kinds[kind]
  if (name === 'owner') return owner?.join(', ') ?? ''
  if (name === 'no_owner') return ''
  const value = filters[name] ?? ''
  return name === 'tag' || name === 'manifest' ? value : t.days(value)
}
