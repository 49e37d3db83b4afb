import { oneOf, text } from '../../shared/search.ts'

export const tabs = ['scopes', 'token', 'verify', 'access', 'danger'] as const

export interface ApisFilter {
  readonly search?: string | undefined
  readonly owner?: string | undefined
  readonly manifest?: string | undefined
}

interface ApiView {
  readonly tab?: (typeof tabs)[number] | undefined
  /** The framework whose code is shown. */
  readonly framework?: string | undefined
  /** The client whose sample token is shown. */
  readonly client?: string | undefined
  /** Whether clients with common scopes alone are listed. */
  readonly common?: 'true' | undefined
}

/** The filter of the list, as it stands in the address. */
export const readApisFilter = (search: Record<string, unknown>): ApisFilter => ({
  search: text(search, 'search'),
  owner: text(search, 'owner'),
  manifest: text(search, 'manifest'),
})

export const isFiltered = ({ search, owner, manifest }: ApisFilter): boolean =>
  (search ?? owner ?? manifest) !== undefined

/** The tab of an API, as it stands in the address. */
export const readApiView = (search: Record<string, unknown>): ApiView => ({
  tab: oneOf(search, 'tab', tabs),
  framework: text(search, 'framework'),
  client: text(search, 'client'),
  common: String(search['common']) === 'true' ? 'true' : undefined,
})
