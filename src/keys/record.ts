import { systemEvent } from '../audit/system-event.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import type { KeyWrites, StoredKey } from './store.ts'

/** The audit detail of a changed key. */
export const keyDetail = ({ kid, algorithm, state, activeAt, goneAt }: StoredKey) => ({
  kid,
  algorithm,
  state,
  active_at: new Date(activeAt).toISOString(),
  ...(goneAt !== undefined && { gone_at: new Date(goneAt).toISOString() }),
})

/** Adds an audit event to the writes for each key that they change. */
export function recorded(
  writes: KeyWrites,
  { clock, random }: { readonly clock: Clock; readonly random: RandomBytes },
): KeyWrites {
  const { add, put, discard = [] } = writes
  const details = [...[...add, ...put].map(keyDetail), ...discard.map((kid) => ({ kid, state: 'gone' }))]
  return { ...writes, events: details.map((detail) => systemEvent('key.change', detail, { clock, random })) }
}
