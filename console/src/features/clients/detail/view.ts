import { oneOf, text } from '../../../shared/search.ts'

export const tabs = ['settings', 'permissions', 'credentials', 'activity', 'danger'] as const
export const spans = ['day', 'week', 'month'] as const

/** The part of a client's page that is shown, as it stands in the address. */
interface View {
  readonly tab?: (typeof tabs)[number] | undefined
  /** The time of the activity; a day if left out. */
  readonly span?: (typeof spans)[number] | undefined
  /** Narrows the permissions. */
  readonly find?: string | undefined
}

/** Reads the view of an address. A value that can't be read counts as left out. */
export const readView = (search: Record<string, unknown>): View => ({
  tab: oneOf(search, 'tab', tabs),
  span: oneOf(search, 'span', spans),
  find: text(search, 'find'),
})
