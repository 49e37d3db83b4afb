import type { Insertable, Selectable } from 'kysely'
import type { AuditEvent, AuditEventType } from '../audit/event.ts'
import type { StoredAuditEvent } from '../audit/store.ts'
import type { Change } from '../changes/feed.ts'
import type { Api } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { isAlgorithm } from '../keys/algorithms.ts'
import type { StoredKey } from '../keys/store.ts'
import type { GrantType } from '../oauth/grant-types.ts'
import { Audience, ClientId, CredentialId, KeyId } from '../oauth/ids.ts'
import type { Reason } from '../oauth/refusals.ts'
import type { SecretCredential } from '../secrets/credential.ts'
import { formatHash, parseHash } from '../secrets/hash.ts'
import type { Schema } from './schema.ts'

type Row<Table extends keyof Schema> = Selectable<Schema[Table]>
type NewRow<Table extends keyof Schema> = Insertable<Schema[Table]>

/** JSON that this program wrote, in the shape in which it wrote it. */
const json = <Shape>(text: string): Shape => JSON.parse(text)

export const toApi = (row: Row<'api'>): Api => ({
  audience: Audience(row.audience),
  name: row.name ?? undefined,
  scopes: json<{ name: string; description?: string }[]>(row.scopes).map(({ name, description }) => ({
    name,
    description,
  })),
  token: json(row.token),
})

export const fromApi = (api: Api, now: number): NewRow<'api'> => ({
  audience: api.audience,
  name: api.name ?? null,
  scopes: JSON.stringify(api.scopes),
  token: JSON.stringify(api.token),
  created_at: now,
  updated_at: now,
})

export const toClient = (row: Row<'client'>, secrets: readonly Row<'client_secret'>[]): Client => ({
  id: ClientId(row.client_id),
  name: row.name ?? undefined,
  description: row.description ?? undefined,
  owner: row.owner ?? undefined,
  tags: json(row.tags),
  enabled: row.enabled === 1,
  subject: row.subject ?? undefined,
  grantTypes: json<GrantType[]>(row.grant_types),
  scopes: json(row.scopes),
  defaultScopes: json(row.default_scopes),
  token: json(row.token),
  secrets: secrets.map(toSecret),
})

export const fromClient = (client: Client, now: number): NewRow<'client'> => ({
  client_id: client.id,
  name: client.name ?? null,
  description: client.description ?? null,
  owner: client.owner ?? null,
  tags: JSON.stringify(client.tags),
  enabled: client.enabled ? 1 : 0,
  subject: client.subject ?? null,
  grant_types: JSON.stringify(client.grantTypes),
  scopes: JSON.stringify(client.scopes),
  default_scopes: JSON.stringify(client.defaultScopes),
  token: JSON.stringify(client.token),
  created_at: now,
  updated_at: now,
})

const toSecret = (row: Row<'client_secret'>): SecretCredential => ({
  id: CredentialId(row.id),
  label: row.label,
  hint: row.hint,
  hash: parseHash(row.hash),
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
})

export const fromSecret = (client: Client, secret: SecretCredential): NewRow<'client_secret'> => ({
  id: secret.id,
  client_id: client.id,
  label: secret.label,
  hint: secret.hint,
  hash: formatHash(secret.hash),
  created_at: secret.createdAt,
  expires_at: secret.expiresAt ?? null,
})

export function toKey(row: Row<'signing_key'>): StoredKey {
  if (!isAlgorithm(row.algorithm)) throw new Error(`signing key ${row.kid} is of an unknown algorithm`)
  return {
    kid: KeyId(row.kid),
    algorithm: row.algorithm,
    publicKey: Buffer.from(row.public_key),
    encryptedPrivateKey: Buffer.from(row.encrypted_private_key),
    createdAt: row.created_at,
  }
}

export const fromKey = (key: StoredKey): NewRow<'signing_key'> => ({
  kid: key.kid,
  algorithm: key.algorithm,
  public_key: key.publicKey,
  encrypted_private_key: key.encryptedPrivateKey,
  created_at: key.createdAt,
})

export const toChange = (row: Row<'change'>): Change => ({ kind: row.kind as Change['kind'], id: row.id })

export const toAuditEvent = (row: Row<'audit_event'>): StoredAuditEvent => ({
  seq: row.seq,
  at: row.at,
  type: row.type as AuditEventType,
  result: row.result as AuditEvent['result'],
  reason: (row.reason as Reason | null) ?? undefined,
  clientId: row.client_id ?? undefined,
  remoteAddress: row.remote_address ?? undefined,
  requestId: row.request_id,
  traceId: row.trace_id ?? undefined,
  detail: json(row.detail),
})

export const fromAuditEvent = (event: AuditEvent): NewRow<'audit_event'> => ({
  at: event.at,
  type: event.type,
  result: event.result,
  reason: event.reason ?? null,
  client_id: event.clientId ?? null,
  remote_address: event.remoteAddress ?? null,
  request_id: event.requestId,
  trace_id: event.traceId ?? null,
  detail: JSON.stringify(event.detail),
})
