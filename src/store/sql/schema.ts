import type { Generated } from 'kysely'

/** The id of the row of a table that has one row. */
export const THE_ROW = 1

/** The tables, as the migrations leave them. Times are milliseconds since the epoch; JSON is text. */
export interface Schema {
  api: {
    audience: string
    name: string | null
    scopes: string
    token: string
    require: string | null
    created_at: number
    updated_at: number
  }
  client: {
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
    credential_id: string
    last_used_at: number
  }
  replay_mark: {
    id: Buffer
    expires_at: number
  }
  key: {
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
    id: number
    /** The id of the master key in use. */
    master_key_id: string
  }
  key_consumer: {
    address: string
    user_agent: string
    first_seen: number
    last_seen: number
    fetches: number
  }
  revocation: {
    seq: number
    kind: string
    id: string
    issued_before: number | null
    expires_at: number
  }
  counter: {
    name: string
    /** The last number taken. */
    value: number
  }
  longest_lifetime: {
    id: number
    milliseconds: number
  }
  change: {
    seq: number
    kind: string
    id: string
    at: number
  }
  audit_event: {
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
