import type { AuditEventType } from './event.ts'

const types: Readonly<Record<AuditEventType, true>> = {
  'token.issue': true,
  'token.introspect': true,
  'token.revoke': true,
  'request.refuse': true,
  'audit.lost': true,
  'manifest.apply': true,
  'key.change': true,
  'master_key.change': true,
  'revocation.add': true,
  'credential.add': true,
  'credential.change': true,
  'credential.rotate': true,
  'credential.cancel': true,
  'credential.revoke': true,
  'credential.remove': true,
  'credential.expiring': true,
  'client.change': true,
  'database.restore': true,
  'audit_key.change': true,
}

/** Every type of event that this version records. */
export const auditEventTypes: readonly string[] = Object.keys(types)
