import { oneOf, text, texts } from '../../shared/search.ts'

export const tabs = ['request', 'explain', 'federation'] as const

export const methods = ['client_secret_basic', 'client_secret_post', 'client_assertion', 'none'] as const

/** The parts of the lab that stand in the address. Secrets, assertions and tokens never do. */
export interface LabSearch {
  readonly tab?: (typeof tabs)[number] | undefined
  readonly client?: string | undefined
  readonly method?: (typeof methods)[number] | undefined
  readonly scope?: string | undefined
  readonly resource?: readonly string[] | undefined
  /** Further parameters, as `name=value`. */
  readonly more?: readonly string[] | undefined
}

/** Reads what is built from the address. */
export const readLab = (search: Record<string, unknown>): LabSearch => ({
  tab: oneOf(search, 'tab', tabs),
  client: text(search, 'client'),
  method: oneOf(search, 'method', methods),
  scope: text(search, 'scope'),
  resource: texts(search, 'resource'),
  more: texts(search, 'more'),
})
