import { DomainError } from '../../platform/domain-error.ts'
import type { Unreadable } from '../../platform/unreadable.ts'

/** A request needs a record that cannot be read, so the right answer is unknown. */
export class RecordUnreadable extends DomainError {
  override readonly name = 'RecordUnreadable'

  constructor({ kind, id, problem }: Unreadable) {
    super('record_unreadable', { detail: { record: `${kind} ${id}`, problem } })
  }
}
