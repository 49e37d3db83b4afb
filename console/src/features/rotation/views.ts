import { type Kind, kinds } from '../../shared/credentials/kinds.ts'
import { oneOf, text } from '../../shared/search.ts'

export const views = ['valid', 'expiring', 'late', 'unused', 'unowned'] as const
export type View = (typeof views)[number]

/** The filters of the board, as they stand in the address. */
export interface Board {
  readonly view?: View | undefined
  readonly owner?: string | undefined
  readonly kind?: Kind | undefined
}

export const readBoard = (search: Record<string, unknown>): Board => ({
  view: oneOf(search, 'view', views),
  owner: text(search, 'owner'),
  kind: oneOf(search, 'kind', kinds),
})

const SOON = '30'
const LONG = '90'

/** The parameters of the API for each view. */
const PARAMETERS = {
  valid: { state: 'valid', sort: 'expiry' },
  expiring: { state: 'valid', sort: 'expiry', expiring_days: SOON },
  late: { state: 'expired', sort: 'expiry', order: 'desc' },
  unused: { state: 'valid', sort: 'last_used', unused_days: LONG },
  unowned: { state: 'valid', sort: 'expiry', no_owner: 'true' },
} as const

/** The query of the API that a board asks. */
export const queryOf = ({ view = 'valid', owner, kind }: Board) => ({
  ...PARAMETERS[view],
  ...(owner !== undefined && view !== 'unowned' && { owner: [owner] }),
  ...(kind !== undefined && { kind }),
})
