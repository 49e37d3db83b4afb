import { type KeyChange, recorded } from '../../keys/record.ts'
import type { RotationPolicy } from '../../keys/schedule.ts'
import type { KeyRows, KeyWrites } from '../../keys/store.ts'
import { recordedBy, type SealedContext } from '../context.ts'

/** The context of the verbs on keys. If the master key is not the one in use, each throws a MasterKeyMismatch and writes nothing. */
export interface KeyContext extends SealedContext {
  readonly policy: RotationPolicy
}

/** Adds an event to the writes for each key that they change. @param rows the keys as they were */
export const recordedKeys = (context: KeyContext, rows: KeyRows, writes: KeyWrites): KeyWrites =>
  recorded(rows, writes, ({ detail, change }: KeyChange) =>
    recordedBy(context, { type: 'key.change', detail, changes: [change] }),
  )
