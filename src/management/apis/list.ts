import type { Api } from '../../model/api.ts'
import type { ManifestFilter } from '../../model/fleet/filters.ts'
import type { Page, PageQuery } from '../../model/fleet/page.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { ManagementContext } from '../context.ts'
import { checkPage, isVisible, seenBy, type VisibleOwners } from '../visible.ts'
import { audienceOf } from './find-clients.ts'

export interface ApiFilter extends ManifestFilter {
  /** The beginning of the audience or of the name, in any case. */
  readonly search?: string | undefined
  readonly owners?: readonly string[] | undefined
  readonly hasNoOwner?: true | undefined
}

export const apiSorts = ['audience', 'name', 'owner'] as const

type ApiSort = (typeof apiSorts)[number]

/** Items of a list, and the number of all that fit its filter. */
interface ApiPage extends Page<Api | Unreadable> {
  readonly count: number
}

/**
 * A page of the APIs that a reader may see. Every process has all APIs in memory anyway, so they are sorted here. Unreadable ones are
 * seen only by those who see all.
 * @throws UserError if the page or the search is too long
 */
export async function listApis(
  { store }: ManagementContext,
  visible: VisibleOwners,
  { filter, sort, isDescending = false, after, most }: PageQuery<ApiFilter, ApiSort>,
): Promise<ApiPage> {
  checkPage(most, filter)
  const { found, unreadable } = await store.directory.loadApis()
  const { search = '', owners, hasNoOwner, manifest, hasNoManifest } = seenBy(visible, filter)
  const fits = (api: Api | Unreadable): boolean => {
    const named: { readonly name?: string | undefined; readonly owner?: string | undefined } =
      'problem' in api ? {} : api
    return (
      isVisible(visible, named) &&
      (owners === undefined || (named.owner !== undefined && owners.includes(named.owner))) &&
      (!hasNoOwner || named.owner === undefined) &&
      (manifest === undefined || api.manifest === manifest) &&
      (!hasNoManifest || api.manifest === undefined) &&
      [audienceOf(api), named.name ?? ''].some((text) => text.toLowerCase().startsWith(search.toLowerCase()))
    )
  }
  const all = [...found, ...unreadable]
    .filter(fits)
    .map((api) => ({ api, value: keyOf(api, sort), id: audienceOf(api) }))
    .sort((one, other) => compare(one, other) * (isDescending ? -1 : 1))
  const from = after === undefined ? 0 : all.findIndex((one) => compare(one, after) * (isDescending ? -1 : 1) > 0)
  const page = from === -1 ? [] : all.slice(from, from + most)
  const last = from !== -1 && from + most < all.length ? page.at(-1) : undefined
  return { items: page.map(({ api }) => api), next: last && { value: last.value, id: last.id }, count: all.length }
}

const keyOf = (api: Api | Unreadable, sort: ApiSort): string =>
  ('problem' in api ? undefined : sort === 'audience' ? api.audience : api[sort]?.toLowerCase()) ??
  (sort === 'audience' ? audienceOf(api) : '')

interface Sorted {
  readonly value: string | number
  readonly id: string
}

function compare(one: Sorted, other: Sorted): number {
  if (one.value !== other.value) return one.value < other.value ? -1 : 1
  return one.id === other.id ? 0 : one.id < other.id ? -1 : 1
}
