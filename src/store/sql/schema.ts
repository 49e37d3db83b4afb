import type { Generated } from 'kysely'

/**
 * The tables, as the migrations leave them. Times are milliseconds since the epoch; JSON is text. Every row is of one tenant, and
 * every id and number but that of an audit event is unique within its tenant only. The chains of events, their checkpoints and keys
 * are of all tenants, and so are nodes.
 */
export interface Schema {
  api: {
    tenant: string
    audience: string
    name: string | null
    owner: string | null
    scopes: string
    token: string
    require: string | null
    /** The manifest that owns it. */
    manifest: string | null
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
    manifest: string | null
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
  /** A row for every credential, used or not, with what lists read of it. */
  credential_use: {
    tenant: string
    credential_id: string
    /** The first time of a `Date` if it was never used. */
    last_used_at: number
    client_id: Generated<string>
    /** Empty if its client has none. */
    owner: Generated<string>
    kind: Generated<string>
    revoked: Generated<number>
    created_at: Generated<number>
    /** The last use, or else the creation. */
    idle_since: number
    /** The last time of a `Date` if it never expires. */
    expires_at: Generated<number>
  }
  /** A row for every client, with what lists read of it. */
  client_use: {
    tenant: string
    client_id: string
    /** The id and the name in lower case. */
    id_key: string
    name_key: Generated<string>
    /** Empty if it has none. */
    owner: Generated<string>
    /** The manifest that owns it; empty if none does. */
    manifest: Generated<string>
    /** The kinds of its valid credentials and whether it is enabled, as bits. */
    traits: Generated<number>
    created_at: Generated<number>
    /** As for credentials. */
    last_used_at: number
    idle_since: number
    /** The next expiry of a credential, as far as it was noted; the last time of a `Date` if none expires. */
    next_expiry: Generated<number>
  }
  client_tag: {
    tenant: string
    tag: string
    client_id: string
  }
  group: {
    tenant: string
    name: string
    description: string | null
    created_at: number
    updated_at: number
  }
  group_member: {
    tenant: string
    group_name: string
    kind: string
    /** Empty, but for a member that is the value of a claim. */
    claim: string
    id: string
    permissions: string
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
  usage: {
    tenant: string
    /** `minute`, `hour` or `day`. */
    resolution: string
    client_id: string
    /** The beginning of the interval. */
    at: number
    audience: string
    credential_id: string
    outcome: string
    count: number
    /** The sum of the lifetimes of the tokens. */
    token_seconds: number
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
  account: {
    tenant: string
    name: string
    id: string
    display_name: string | null
    roles: string
    enabled: number
    password: string | null
    second_factor: Buffer | null
    second_factor_state: string
    master_key_id: string | null
    created_at: number
    updated_at: number
  }
  account_link: {
    tenant: string
    hash: string
    purpose: string
    account: string | null
    expires_at: number
  }
  admin_session: {
    tenant: string
    id: string
    token_hash: string
    kind: string
    owner: string
    person: string
    remote_address: string
    user_agent: string | null
    created_at: number
    last_seen_at: number
    expires_at: number
  }
  device_request: {
    tenant: string
    device_hash: string
    user_hash: string
    network: string
    remote_address: string
    user_agent: string | null
    owner: string | null
    person: string | null
    expires_at: number
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
    /** The chain that the event belongs to; null for an event from before there were chains. */
    chain: number | null
    /** The place in the chain, from 1. */
    place: number | null
    /** The hash of the event and of all earlier ones in its chain. */
    hash: string | null
  }
  /** One chain of events for each writer, over all tenants. */
  audit_chain: {
    id: number
    kind: string
    host: string
    started_at: number
    /** Random bytes, which make the chain differ from that of any other database. */
    seed: Buffer
    /** The last number of an event when the chain began. */
    after_seq: number
    /** The last place. */
    place: number
    /** The hash at the last place; null at place 0. */
    hash: string | null
    /** The last place that a checkpoint signs. */
    signed_place: number
  }
  /** Ranges of events, or of checkpoints, that retention has removed. */
  audit_removal: {
    chain: number
    first: number
    last: number
    /** The hash at the last place. */
    hash: string
    cause: string
    at: number
    /** The key of the signature. It is null if the events did not fit their chain, or if no key could sign. */
    kid: string | null
    signature: Buffer | null
  }
  /** Checkpoints, which are a chain themselves. */
  audit_checkpoint: {
    number: number
    at: number
    statement: string
    signature: Buffer
  }
  /** The keys that sign checkpoints; the last one is in use. */
  audit_key: {
    number: number
    kid: string
    public_key: Buffer
    encrypted_private_key: Buffer | null
    master_key_id: string | null
    created_at: number
    statement: string
    signature: Buffer
    previous_signature: Buffer | null
  }
  /** The indexed segments of events. */
  audit_segment: {
    segment: number
    /** The earliest and the latest time of its events; null if it has none any more. */
    earliest: number | null
    latest: number | null
  }
  audit_term: {
    tenant: string
    /** A property of events, such as `client job`. */
    term: string
    segment: number
    /** The blocks of the segment that have such events, a bit each. */
    blocks: number
  }
  audit_export: {
    tenant: string
    sink: string
    /** The process that exports to the sink; null if it has stopped. */
    holder: string | null
    /** Grows while the holder is alive. */
    beat: number
    /** The last exported place in each chain, as JSON. */
    positions: string
  }
  /** The servers that share the database. */
  node: {
    id: string
    host: string
    version: string
    started_at: number
    last_seen_at: number
    /** The part that changes while it runs, as JSON. */
    state: string
  }
}
