/** What is known of a metric before it has a value. */
interface MetricInfo {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Each label, and which values it has: they are few, whatever anybody sends. */
  readonly labels: Readonly<Record<string, string>>
  /** What the values of several processes that serve as one come to. */
  readonly together: 'sum' | 'max' | 'first'
}

const endpoint =
  'token, introspection, revocation, keys, metadata, or other: the heartbeat, and what is at no path of ours'
const algorithm = 'ES256, RS256, PS256, EdDSA, or A256GCM for sealed tokens'
const stores = 'directory, keySources, changes, keys, revocations, credentials, replay, audit or model'
const document = 'key_set, or metadata of an issuer'

/** Every metric of ours. No label is of a client, of an address, or of anything as it was sent. */
export const metricTable = {
  tessera_build_info: {
    type: 'gauge',
    help: 'Always 1; which program this is, and on what it runs.',
    labels: { version: 'of Tessera', node: 'the version of Node.js', storage: 'sqlite or postgres' },
    together: 'first',
  },
  tessera_tls_certificate_expires_timestamp_seconds: {
    type: 'gauge',
    help: 'When the certificate of tls.cert that is in use expires. Absent if none is configured.',
    labels: {},
    together: 'first',
  },
  tessera_requests_total: {
    type: 'counter',
    help: 'Requests to the runtime listener that were answered.',
    labels: { endpoint, status: 'of HTTP', error: 'the error code on the wire (RFC 6749 §5.2), or none' },
    together: 'sum',
  },
  tessera_refusals_total: {
    type: 'counter',
    help: 'Requests that were refused, by the reason that the audit log has.',
    labels: { reason: 'see refusals.md' },
    together: 'sum',
  },
  tessera_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the last byte of a request to its answer, without the time for which a refusal is held back. Only requests that reached an endpoint count.',
    labels: { endpoint },
    together: 'sum',
  },
  tessera_requests_in_flight: {
    type: 'gauge',
    help: 'Requests that an endpoint is at work on.',
    labels: { endpoint },
    together: 'sum',
  },
  tessera_keys: {
    type: 'gauge',
    help: 'Signing and sealing keys that are not gone.',
    labels: { algorithm, state: 'pending, active, retiring or revoked' },
    together: 'max',
  },
  tessera_keys_unusable: {
    type: 'gauge',
    help: 'Keys that a process needs and can not use. With an unusable active key, it issues nothing. The log names the keys.',
    labels: { state: 'pending, active, retiring, or unknown if the state can not be read' },
    together: 'max',
  },
  tessera_key_activated_timestamp_seconds: {
    type: 'gauge',
    help: 'When the active key became active.',
    labels: { algorithm },
    together: 'max',
  },
  tessera_key_next_rotation_timestamp_seconds: {
    type: 'gauge',
    help: 'When the next key is to become active; past where the rotation is overdue.',
    labels: { algorithm },
    together: 'max',
  },
  tessera_state_age_seconds: {
    type: 'gauge',
    help: 'How long a process may have missed the changes of others. Over 1, it refuses to answer from that state.',
    labels: { of: 'keys, directory (clients and APIs) or revocations' },
    together: 'max',
  },
  tessera_directory_lookups_total: {
    type: 'counter',
    help: 'Clients that were looked up: hit in memory, miss in the database.',
    labels: { result: 'hit or miss' },
    together: 'sum',
  },
  tessera_directory_clients: {
    type: 'gauge',
    help: 'Clients in memory, all processes together; each has at most cache.clients.',
    labels: {},
    together: 'sum',
  },
  tessera_records_unreadable_total: {
    type: 'counter',
    help: 'Records in the database that could not be read. Each process counts each record once, and again only after it has changed. The log names them.',
    labels: { kind: 'api, client, credential, key or revocation' },
    together: 'sum',
  },
  tessera_secret_hashes_running: {
    type: 'gauge',
    help: 'Slow hashes of chosen secrets that are being computed.',
    labels: {},
    together: 'sum',
  },
  tessera_secret_hashes_waiting: {
    type: 'gauge',
    help: 'Slow hashes of chosen secrets that wait for their turn.',
    labels: {},
    together: 'sum',
  },
  tessera_guesses_refused_total: {
    type: 'counter',
    help: 'Attempts with a chosen secret that had to wait, since too many had failed.',
    labels: { by: 'client_at_address, client, address or site (an IPv6 /48): where too many had failed' },
    together: 'sum',
  },
  tessera_replay_marks_total: {
    type: 'counter',
    help: 'Assertions, proofs and tokens that count once: written at their first use, refused after it.',
    labels: { result: 'written or refused' },
    together: 'sum',
  },
  tessera_audit_events_waiting: {
    type: 'gauge',
    help: 'Audit events in memory that are not in the database yet.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_events_capacity: {
    type: 'gauge',
    help: 'How many may wait before requests are refused.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_events_written_total: {
    type: 'counter',
    help: 'Audit events that were written to the database.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_events_lost_total: {
    type: 'counter',
    help: 'Audit events that found no room while the database did not write. Once it writes again, one event says how many.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_batches_failed_total: {
    type: 'counter',
    help: 'Writes of audit events that failed; their events wait, and are tried again.',
    labels: {},
    together: 'sum',
  },
  tessera_remote_keys_fetches_total: {
    type: 'counter',
    help: 'Documents that were fetched for the keys of clients and of outside issuers, or could not be.',
    labels: {
      document,
      result: 'fetched, or what went wrong: dns, connect, tls, timeout, status, not_json, unusable, …',
    },
    together: 'sum',
  },
  tessera_remote_keys_stale_served_total: {
    type: 'counter',
    help: 'Uses of a document that had expired, since its source did not answer.',
    labels: { document },
    together: 'sum',
  },
  tessera_remote_keys_sources_failing: {
    type: 'gauge',
    help: 'Sources of documents that failed when they were asked last.',
    labels: { document },
    together: 'max',
  },
  tessera_credentials_expiring: {
    type: 'gauge',
    help: 'Credentials that expire within so many days and were not revoked, as of the last minute.',
    labels: { within_days: '1, 7 or 30' },
    together: 'max',
  },
  tessera_database_calls_total: {
    type: 'counter',
    help: 'Calls of the database.',
    labels: {
      store: stores,
      result: 'ok, unavailable (the database failed), or error (it answered, and what was asked for could not be done)',
    },
    together: 'sum',
  },
  tessera_database_call_duration_seconds: {
    type: 'histogram',
    help: 'How long calls of the database took, whatever came of them.',
    labels: { store: stores },
    together: 'sum',
  },
  tessera_database_connections: {
    type: 'gauge',
    help: 'Connections to PostgreSQL, and who waits for one; nothing with SQLite.',
    labels: { pool: 'prompt (requests wait for it) or patient (all else)', state: 'busy, idle or waiting' },
    together: 'sum',
  },
  tessera_workers_configured: {
    type: 'gauge',
    help: 'Workers that there should be; only where several processes serve as one.',
    labels: {},
    together: 'sum',
  },
  tessera_workers_ready: {
    type: 'gauge',
    help: 'Workers that listen.',
    labels: {},
    together: 'sum',
  },
  tessera_workers_ended_total: {
    type: 'counter',
    help: 'Workers that ended by themselves; another takes the place of each.',
    labels: {},
    together: 'sum',
  },
} as const satisfies Record<string, MetricInfo>

export type MetricName = keyof typeof metricTable

/** The metrics of the process that are worth watching; the scrape has all that prom-client collects, by role of the process. */
export const processMetricTable = {
  process_cpu_seconds_total: 'Processor time. A process uses one core, but for slow hashes.',
  process_resident_memory_bytes: 'Memory that the process has.',
  process_start_time_seconds: 'When the process started; of several workers, the last.',
  process_open_fds: 'Open files and sockets, by process; each connection is one.',
  process_max_fds: 'How many there may be.',
  nodejs_eventloop_lag_p99_seconds: 'How long the event loop was busy at a stretch; of several workers, the worst.',
  nodejs_heap_size_used_bytes: 'Memory that JavaScript uses.',
  nodejs_gc_duration_seconds: 'Garbage collections.',
} as const satisfies Record<string, string>
