import { hash } from 'node:crypto'

/** The columns of an event that its hash covers, as they are stored. */
export interface HashedColumns {
  readonly tenant: string
  readonly at: number
  readonly type: string
  readonly result: string
  readonly reason: string | null
  readonly client_id: string | null
  readonly remote_address: string | null
  readonly request_id: string
  readonly trace_id: string | null
  readonly detail: string
  readonly actor: string | null
  readonly changes: string | null
}

/** The last link of a chain. */
export interface Head {
  readonly chain: number
  /** Places count from 1. At place 0 the hash is that of the beginning. */
  readonly place: number
  /** SHA-256, in base64url. */
  readonly hash: string
}

/** The chain of all changes of the model, whoever makes them, and that of the checkpoints. Others belong to one server each. */
export const CHANGES = 1
export const CHECKPOINTS = 2

/** The identity of a chain. */
export interface ChainIdentity {
  readonly id: number
  /** `changes`, `checkpoints`, or, for one server, `recorded` and `refused`, since old refusals are removed before other events. */
  readonly kind: string
  readonly host: string
  readonly startedAt: number
  readonly seed: Uint8Array
  /** The number of the last event when the chain began. */
  readonly afterSeq: number
}

/** A chain as it is stored. */
export interface Chain extends ChainIdentity {
  readonly place: number
  readonly hash: string | null
  readonly signedPlace: number
}

/** A value with its length, so that two lists of values never give the same text. */
const field = (value: string | null): string => (value === null ? '-' : `${value.length}:${value}`)

/** The hash at place 0, which binds a chain to its row. */
export const beginningOf = ({ id, kind, host, startedAt, seed, afterSeq }: ChainIdentity): string =>
  hash(
    'sha256',
    `chain ${id}.${startedAt}.${afterSeq}.${field(kind)}${field(host)}${Buffer.from(seed).toString('hex')}`,
    'base64url',
  )

export const headOf = (chain: Chain): Head => ({
  chain: chain.id,
  place: chain.place,
  hash: chain.place === 0 || chain.hash === null ? beginningOf(chain) : chain.hash,
})

/** The text of the columns that consecutive events often have in common. */
export const commonText = ({ tenant, type, result, reason, trace_id, actor, changes }: HashedColumns): string =>
  [tenant, type, result, reason, trace_id, actor, changes].map(field).join('')

/**
 * The head of a chain after one more event. All stored columns are covered except the number, which only the database knows.
 * @param common the text of its common columns, which a caller may know from the event before
 */
export function extend(
  { chain, place, hash: previous }: Head,
  event: HashedColumns,
  common: string = commonText(event),
): Head {
  const { at, client_id, remote_address, request_id, detail } = event
  const own = field(client_id) + field(remote_address) + field(request_id) + field(detail)
  const text = `${previous}${chain}.${place + 1}.${at}.${own}${common}`
  return { chain, place: place + 1, hash: hash('sha256', text, 'base64url') }
}

/** The head of the checkpoints after one more. */
export const extendCheckpoints = (
  { chain, place, hash: previous }: Head,
  { statement, signature }: { readonly statement: string; readonly signature: Uint8Array },
): Head => ({
  chain,
  place: place + 1,
  hash: hash('sha256', `${previous}${field(statement)}${Buffer.from(signature).toString('base64url')}`, 'base64url'),
})
