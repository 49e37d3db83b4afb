import type { Generated } from 'kysely'

/**
 * The tables, as the migrations leave them. Times are milliseconds since the epoch; JSON is text. Every row is of one tenant, and
 * every id and number but that of an audit event is unique within its tenant only.
 */
export interface Schema {
  api: {
    tenant: string
    audience: string
    name: string | null
    scopes: string
    token: string
    require: string | null
    created_at: number
    updated_at: number
  }
  client: {
    tenant: string
    client_id: string
    name: string | null
    description: string | null
    owner: string | null
    tags: string
    enabled: number
    subject: string | null
    grant_types: string
    scopes: string
    default_scopes: string
    grants: string
    default_api: string | null
    metadata: string
    introspects: string
    restrict_scopes: number
    token: string
    authentication: string
    require: string | null
    ended: string
    created_at: number
    updated_at: number
  }
  credential: {
    tenant: string
    id: string
    client_id: string
    kind: string
    label: string
    hint: string
    data: string
    issuer: string | null
    encrypted_secret: Buffer | null
    master_key_id: string | null
    origin: string
    replaces: string | null
    replaced_expires_at: number | null
    created_at: number
    expires_at: number | null
    revoked_at: number | null
    warned_days: number | null
  }
  credential_use: {
    tenant: string
    credential_id: string
    last_used_at: number
  }
  replay_mark: {
    tenant: string
    id: Buffer
    expires_at: number
  }
  key: {
    tenant: string
    kid: string
    algorithm: string
    state: string
    public_key: Buffer | null
    encrypted_private_key: Buffer
    master_key_id: string
    created_at: number
    active_at: number
    gone_at: number | null
  }
  master_key: {
    tenant: string
    /** The id of the master key in use. */
    master_key_id: string
  }
  key_consumer: {
    tenant: string
    address: string
    user_agent: string
    first_seen: number
    last_seen: number
    fetches: number
  }
  revocation: {
    tenant: string
    seq: number
    kind: string
    id: string
    issued_before: number | null
    expires_at: number
  }
  counter: {
    tenant: string
    name: string
    /** The last number taken. */
    value: number
  }
  longest_lifetime: {
    tenant: string
    milliseconds: number
  }
  change: {
    tenant: string
    seq: number
    kind: string
    id: string
    at: number
  }
  idempotency_key: {
    tenant: string
    id: string
    /** The digest of the first request. */
    request: string
    /** The first answer, as JSON; null while the request is under way. */
    answer: string | null
    expires_at: number
  }
  audit_event: {
    tenant: string
    seq: Generated<number>
    at: number
    type: string
    result: string
    reason: string | null
    client_id: string | null
    remote_address: string | null
    request_id: string
    trace_id: string | null
    detail: string
    actor: string | null
    changes: string | null
  }
}
