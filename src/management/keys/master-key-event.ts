import { changeOf } from '../../audit/changes.ts'
import type { AuditEvent } from '../../audit/event.ts'
import { recordedBy, type SealedContext } from '../context.ts'

/**
 * The event of a change of the master key in use.
 * @param from the id of the previous master key @param extraDetail members of the detail in addition to both ids
 */
export function masterKeyEvent(
  context: SealedContext,
  from: string | undefined,
  extraDetail: AuditEvent['detail'] = {},
): AuditEvent {
  const { id } = context.masterKey
  return recordedBy(context, {
    type: 'master_key.change',
    detail: { from, to: id, ...extraDetail },
    changes: [changeOf({ thing: 'master key', id }, { id: from }, { id })],
  })
}
