import { type ChangedThing, changeOf, type Fields } from '../audit/changes.ts'
import type { AuditEvent } from '../audit/event.ts'
import { iso } from '../platform/clock.ts'
import type { KeyRows, KeyWrites, StoredKey } from './store.ts'

/** The audit detail of a changed key. */
export const keyDetail = ({ kid, algorithm, state, activeAt, goneAt }: StoredKey) => ({
  kid,
  algorithm,
  state,
  active_at: iso(activeAt),
  ...(goneAt !== undefined && { gone_at: iso(goneAt) }),
})

const keyFields = ({ algorithm, state, activeAt, goneAt }: StoredKey): Fields => ({
  algorithm,
  state,
  activeAt: iso(activeAt),
  goneAt: goneAt === undefined ? undefined : iso(goneAt),
})

/** The content of the event of a changed key. */
export interface KeyChange {
  readonly detail: AuditEvent['detail']
  readonly change: ChangedThing | undefined
}

/**
 * Adds an audit event to the writes for each key that they change.
 * @param rows the keys as they were
 * @param toEvent says who changes them
 */
export function recorded(
  { found, unreadable }: KeyRows,
  writes: KeyWrites,
  toEvent: (change: KeyChange) => AuditEvent,
): KeyWrites {
  const changed = [...writes.add, ...writes.put].map((key): KeyChange => {
    const before = found.find(({ kid }) => kid === key.kid)
    const change = changeOf({ thing: 'key', id: key.kid }, before && keyFields(before), keyFields(key))
    return { detail: keyDetail(key), change }
  })
  const removed = (writes.discard ?? []).map((kid): KeyChange => {
    const { problem } = unreadable.find(({ id }) => id === kid) ?? { problem: undefined }
    const change = changeOf({ thing: 'key', id: kid }, { unreadable: problem }, undefined)
    return { detail: { kid, state: 'gone' }, change }
  })
  return { ...writes, events: [...changed, ...removed].map(toEvent) }
}
