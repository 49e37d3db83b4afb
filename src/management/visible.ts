import { hasControl } from '../platform/text.ts'
import { UserError } from '../platform/user-error.ts'

/** The owners whose things a reader may see. Things without an owner are seen only with `all`. */
export type VisibleOwners = 'all' | readonly string[]

/** Whether a reader may see a thing. Reading one thing, lists, searches and counts all use this rule, as `seenBy` applies it. */
export const isVisible = (visible: VisibleOwners, { owner }: { readonly owner?: string | undefined }): boolean =>
  visible === 'all' || (owner !== undefined && visible.includes(owner))

/** A filter that only lets through what a reader may see. */
export function seenBy<Filter extends { readonly owners?: readonly string[] | undefined }>(
  visible: VisibleOwners,
  filter: Filter,
): Filter {
  if (visible === 'all') return filter
  const { owners = visible } = filter
  return { ...filter, owners: owners.filter((owner) => isVisible(visible, { owner })) }
}

/** The most items of a page. */
const MOST_ITEMS = 200
/** Characters of a search: those of the longest name. */
const LONGEST_SEARCH = 256
const MOST_OWNERS = 1_000

interface Checked {
  readonly search?: string | undefined
  readonly owners?: readonly string[] | undefined
}

/** @throws UserError if a page is too large, or a search too long for the database */
export function checkPage(most: number, filter: Checked): void {
  if (!Number.isInteger(most) || most < 1 || most > MOST_ITEMS)
    throw new UserError(`a page has 1 to ${MOST_ITEMS} items`)
  checkFilter(filter)
}

/** @throws UserError if a search is too long, or holds control characters; if there are too many owners */
export function checkFilter({ search = '', owners = [] }: Checked): void {
  if (search.length > LONGEST_SEARCH || hasControl(search))
    throw new UserError(`a search has at most ${LONGEST_SEARCH} characters, none of them a control character`)
  if (owners.length > MOST_OWNERS) throw new UserError(`at most ${MOST_OWNERS} owners can be named`)
}
