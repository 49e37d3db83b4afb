/**
 * Every type of event, in the order in which documents list them. `request.refuse`: the request was refused before it reached an
 * endpoint. `admin.refuse`: the same at the admin API, for want of authentication or of a permission. `audit.lost`: some events were
 * dropped because the database could not write and the room was used up.
 */
export const auditEventTypes = [
  'token.issue',
  'token.introspect',
  'token.revoke',
  'request.refuse',
  'audit.lost',
  'manifest.apply',
  'client.add',
  'client.change',
  'client.delete',
  'api.delete',
  'api.add',
  'api.change',
  'group.add',
  'group.change',
  'group.delete',
  'credential.add',
  'credential.change',
  'credential.rotate',
  'credential.cancel',
  'credential.revoke',
  'credential.remove',
  'credential.expiring',
  'key.change',
  'master_key.change',
  'audit_key.change',
  'revocation.add',
  'admin.refuse',
  'account.add',
  'account.change',
  'account.remove',
  'account.link',
  'session.start',
  'session.confirm',
  'session.end',
  'database.restore',
] as const

export type AuditEventType = (typeof auditEventTypes)[number]
