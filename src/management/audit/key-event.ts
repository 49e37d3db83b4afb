import { changeOf } from '../../audit/changes.ts'
import type { AuditEvent } from '../../audit/event.ts'
import { type ManagementContext, recordedBy } from '../context.ts'

/** The event of a new key that signs the audit log. @param previous the key that it replaces */
export const newAuditKeyEvent = (
  context: ManagementContext,
  kid: string,
  previous: { readonly kid: string; readonly isLost: boolean } | undefined,
): AuditEvent =>
  recordedBy(context, {
    type: 'audit_key.change',
    detail: { kid, ...(previous && { previous: previous.kid, lost: previous.isLost }) },
    changes: [
      changeOf({ thing: 'audit key', id: kid }, undefined, { signs: true }),
      previous && changeOf({ thing: 'audit key', id: previous.kid }, { signs: true }, { signs: false }),
    ],
  })

/** The event of a key that is encrypted under another master key. @param from the id of the former one @param to that of the new one */
export const rewrappedAuditKeyEvent = (context: ManagementContext, kid: string, from: string, to: string): AuditEvent =>
  recordedBy(context, {
    type: 'audit_key.change',
    detail: { kid, master_key: to },
    changes: [changeOf({ thing: 'audit key', id: kid }, { masterKeyId: from }, { masterKeyId: to })],
  })
