import { oneOf, text, texts } from '../../shared/search.ts'

export const tabs = ['request', 'explain', 'federation'] as const
type LabTab = (typeof tabs)[number]

export const methods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'federated_jwt',
  'none',
] as const
type Method = (typeof methods)[number]

/** The parts of the lab that stand in the address. Secrets, assertions and tokens never do. */
export interface LabSearch {
  readonly tab?: LabTab | undefined
  readonly client?: string | undefined
  readonly method?: Method | undefined
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
