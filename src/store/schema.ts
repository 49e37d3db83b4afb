import type { Generated } from 'kysely'

/** The tables, as the migrations leave them. Times are milliseconds since the epoch; JSON is text. */
export interface Schema {
  api: {
    audience: string
    name: string | null
    scopes: string
    token: string
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
    metadata: string
    introspects: string
    restrict_scopes: number
    token: string
    created_at: number
    updated_at: number
  }
  client_secret: {
    id: string
    client_id: string
    label: string
    hint: string
    hash: string
    created_at: number
    expires_at: number | null
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
  key_consumer: {
    address: string
    user_agent: string
    first_seen: number
    last_seen: number
    fetches: number
  }
  revocation: {
    seq: Generated<number>
    kind: string
    id: string
    issued_before: number | null
    expires_at: number
  }
  longest_lifetime: {
    id: number
    milliseconds: number
  }
  change: {
    seq: Generated<number>
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
  }
}
