import type { Insertable, Selectable } from 'kysely'
import type { AuditEvent, AuditEventType } from '../audit/event.ts'
import type { StoredAuditEvent } from '../audit/store.ts'
import type { Change } from '../changes/feed.ts'
import { toCredentials } from '../credentials/credential.ts'
import type { Api, RequiredProof } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { isKeyAlgorithm } from '../keys/algorithms.ts'
import type { KeySetConsumer } from '../keys/consumers.ts'
import type { KeyState, StoredKey } from '../keys/store.ts'
import type { GrantType } from '../oauth/grant-types.ts'
import { Audience, ClientId, KeyId } from '../oauth/ids.ts'
import type { Reason } from '../oauth/refusals.ts'
import type { Revocation } from '../revocation/store.ts'
import { toCredential } from './credential-rows.ts'
import { fromEnded, toEnded } from './ended-rows.ts'
import type { Schema } from './schema.ts'

export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>
type NewRow<Table extends keyof Schema> = Insertable<Schema[Table]>

/** JSON that this program wrote, in the shape in which it wrote it. */
const json = <Shape>(text: string): Shape => JSON.parse(text)

export const toApi = (row: Row<'api'>): Api => ({
  audience: Audience(row.audience),
  name: row.name ?? undefined,
  scopes: json(row.scopes),
  token: json(row.token),
  require: (row.require as RequiredProof | null) ?? undefined,
})

export const fromApi = (api: Api, now: number): NewRow<'api'> => ({
  audience: api.audience,
  name: api.name ?? null,
  scopes: JSON.stringify(api.scopes),
  token: JSON.stringify(api.token),
  require: api.require ?? null,
  created_at: now,
  updated_at: now,
})

/** What stands in a client's `token`. */
type StoredTokenSettings = Client['token'] & { readonly certificate_bound?: true }

export function toClient(row: Row<'client'>, credentials: readonly Row<'credential'>[]): Client {
  const { certificate_bound: bindsToCertificate = false, ...token } = json<StoredTokenSettings>(row.token)
  return {
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
    grants: json(row.grants),
    defaultApi: row.default_api === null ? undefined : Audience(row.default_api),
    metadata: json(row.metadata),
    introspects: json(row.introspects),
    restrictScopes: row.restrict_scopes === 1,
    token,
    credentials: toCredentials(credentials.map(toCredential)),
    authentication: json(row.authentication),
    require: (row.require as RequiredProof | null) ?? undefined,
    bindsToCertificate,
    ...endedOf(row),
  }
}

/** Most have nothing of the kind, and then no such field either. */
function endedOf(row: Row<'client'>): Pick<Client, 'ended'> {
  const ended = toEnded(row.client_id, row.ended)
  return ended === undefined ? {} : { ended }
}

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
  grants: JSON.stringify(client.grants),
  default_api: client.defaultApi ?? null,
  metadata: JSON.stringify(client.metadata),
  introspects: JSON.stringify(client.introspects),
  restrict_scopes: client.restrictScopes ? 1 : 0,
  token: JSON.stringify({ ...client.token, ...(client.bindsToCertificate && { certificate_bound: true }) }),
  authentication: JSON.stringify(client.authentication),
  require: client.require ?? null,
  ended: fromEnded(client.id, client.ended),
  created_at: now,
  updated_at: now,
})

export function toKey(row: Row<'key'>): StoredKey {
  if (!isKeyAlgorithm(row.algorithm)) throw new Error(`key ${row.kid} is of an unknown algorithm`)
  return {
    kid: KeyId(row.kid),
    algorithm: row.algorithm,
    state: row.state as KeyState,
    publicKey: row.public_key === null ? undefined : Buffer.from(row.public_key),
    encryptedPrivateKey: Buffer.from(row.encrypted_private_key),
    masterKeyId: row.master_key_id,
    createdAt: row.created_at,
    activeAt: row.active_at,
    goneAt: row.gone_at ?? undefined,
  }
}

export const fromKey = (key: StoredKey): NewRow<'key'> => ({
  kid: key.kid,
  algorithm: key.algorithm,
  state: key.state,
  public_key: key.publicKey ?? null,
  encrypted_private_key: key.encryptedPrivateKey,
  master_key_id: key.masterKeyId,
  created_at: key.createdAt,
  active_at: key.activeAt,
  gone_at: key.goneAt ?? null,
})

export const toConsumer = (row: Row<'key_consumer'>): KeySetConsumer => ({
  address: row.address,
  userAgent: row.user_agent,
  firstSeen: row.first_seen,
  lastSeen: row.last_seen,
  fetches: row.fetches,
})

export const fromConsumer = (consumer: KeySetConsumer): NewRow<'key_consumer'> => ({
  address: consumer.address,
  user_agent: consumer.userAgent,
  first_seen: consumer.firstSeen,
  last_seen: consumer.lastSeen,
  fetches: consumer.fetches,
})

export const toRevocation = ({ kind, id, issued_before, expires_at }: Row<'revocation'>): Revocation =>
  ({ kind, id, expiresAt: expires_at, ...(issued_before !== null && { issuedBefore: issued_before }) }) as Revocation

export const fromRevocation = (revocation: Revocation): Omit<NewRow<'revocation'>, 'seq'> => ({
  kind: revocation.kind,
  id: revocation.id,
  issued_before: 'issuedBefore' in revocation ? revocation.issuedBefore : null,
  expires_at: revocation.expiresAt,
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
