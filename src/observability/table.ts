/** The definition of a metric. */
interface MetricInfo {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** The labels, each with its possible values. Requests can't add values, so the number of series is bounded. */
  readonly labels: Readonly<Record<string, string>>
  /** How the values of several processes are combined. */
  readonly together: 'sum' | 'max' | 'first'
}

const endpoint = 'token, introspection, revocation, keys, metadata, or other (the heartbeat, and unknown paths)'
const algorithm = 'ES256, RS256, PS256, EdDSA, or A256GCM for sealed tokens'
const stores =
  'directory, keySources, changes, keys, revocations, credentials, replay, audit, proof, exports, nodes, model or usage'
const sink = 'a name in audit.export'
const document = 'key_set, or metadata of an issuer'

/** Every metric of ours. No label contains a client, an address, or a value from a request. */
export const metricTable = {
  tessera_build_info: {
    type: 'gauge',
    help: 'Always 1. Its labels name the program and its platform.',
    labels: { version: 'the version of Tessera', node: 'the version of Node.js', storage: 'sqlite or postgres' },
    together: 'first',
  },
  tessera_tls_certificate_expires_timestamp_seconds: {
    type: 'gauge',
    help: 'The expiry of the certificate in use from tls.cert. Absent if none is configured.',
    labels: {},
    together: 'first',
  },
  tessera_requests_total: {
    type: 'counter',
    help: 'Answered requests to the runtime listener.',
    labels: { endpoint, status: 'the HTTP status', error: 'the error code on the wire (RFC 6749 §5.2), or none' },
    together: 'sum',
  },
  tessera_refusals_total: {
    type: 'counter',
    help: 'Refused requests, by the reason in the audit log.',
    labels: { reason: 'see refusals.md' },
    together: 'sum',
  },
  tessera_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the last byte of a request to its answer, excluding the time for which a refusal is held back. Only requests that reached an endpoint count.',
    labels: { endpoint },
    together: 'sum',
  },
  tessera_requests_in_flight: {
    type: 'gauge',
    help: 'Requests that an endpoint is processing.',
    labels: { endpoint },
    together: 'sum',
  },
  tessera_keys: {
    type: 'gauge',
    help: 'Signing and sealing keys that are not removed.',
    labels: { algorithm, state: 'pending, active, retiring or revoked' },
    together: 'max',
  },
  tessera_keys_unusable: {
    type: 'gauge',
    help: 'Keys that a process needs and cannot use. With an unusable active key, it issues nothing. The log names the keys.',
    labels: { state: 'pending, active, retiring, or unknown if the state cannot be read' },
    together: 'max',
  },
  tessera_key_activated_timestamp_seconds: {
    type: 'gauge',
    help: 'The time at which the active key became active.',
    labels: { algorithm },
    together: 'max',
  },
  tessera_key_next_rotation_timestamp_seconds: {
    type: 'gauge',
    help: 'The time at which the next key is due to become active. It is in the past if the rotation is overdue.',
    labels: { algorithm },
    together: 'max',
  },
  tessera_state_age_seconds: {
    type: 'gauge',
    help: 'Seconds for which a process may have missed changes of others. Above 1, it refuses to answer from that state.',
    labels: { of: 'keys, directory (clients and APIs) or revocations' },
    together: 'max',
  },
  tessera_directory_lookups_total: {
    type: 'counter',
    help: 'Lookups of clients: a hit is in memory, a miss reads the database.',
    labels: { result: 'hit or miss' },
    together: 'sum',
  },
  tessera_directory_clients: {
    type: 'gauge',
    help: 'Clients in memory, of all processes together. Their memory is bounded: see cache.clients.',
    labels: {},
    together: 'sum',
  },
  tessera_records_unreadable_total: {
    type: 'counter',
    help: 'Unreadable records in the database. Each process counts a record once, and again only after it has changed. The log names the records.',
    labels: { kind: 'api, client, credential, key or revocation' },
    together: 'sum',
  },
  tessera_secret_hashes_running: {
    type: 'gauge',
    help: 'Slow hashes of chosen secrets in progress.',
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
    help: 'Attempts with a chosen secret that were told to wait, because too many had failed.',
    labels: { by: 'client_at_address, client, address or site (an IPv6 /48): the source of too many failures' },
    together: 'sum',
  },
  tessera_replay_marks_total: {
    type: 'counter',
    help: 'Single-use assertions, proofs and tokens: written at the first use, refused at later ones.',
    labels: { result: 'written or refused' },
    together: 'sum',
  },
  tessera_audit_events_waiting: {
    type: 'gauge',
    help: 'Audit events in memory that are not yet in the database.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_events_capacity: {
    type: 'gauge',
    help: 'The number of audit events that may wait before requests are refused.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_events_written_total: {
    type: 'counter',
    help: 'Audit events written to the database.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_events_lost_total: {
    type: 'counter',
    help: 'Audit events that found no room while the database did not write. Once it writes again, one event has their number.',
    labels: {},
    together: 'sum',
  },
  tessera_audit_batches_failed_total: {
    type: 'counter',
    help: 'Failed writes of audit events. The events wait, and are tried again.',
    labels: {},
    together: 'sum',
  },
  tessera_usage_entries: {
    type: 'gauge',
    help: 'Counts of usage in memory that are not yet in the database. Each process has at most 51,000.',
    labels: {},
    together: 'sum',
  },
  tessera_usage_written_total: {
    type: 'counter',
    help: 'Requests for tokens whose counts are in the database.',
    labels: {},
    together: 'sum',
  },
  tessera_usage_batches_failed_total: {
    type: 'counter',
    help: 'Failed writes of usage. The counts stay in memory, and are tried again.',
    labels: {},
    together: 'sum',
  },
  tessera_usage_others_total: {
    type: 'counter',
    help: 'Requests that were counted under no client, because too many clients sent requests or the database did not write.',
    labels: {},
    together: 'sum',
  },
  tessera_usage_lost_total: {
    type: 'counter',
    help: 'Requests that are missing in usage, because there was no room for them or the database refused their counts.',
    labels: {},
    together: 'sum',
  },
  tessera_usage_rows_removed_early_total: {
    type: 'counter',
    help: 'Rows of usage that were removed before their time, because there were more than usage.rows_kept.',
    labels: { resolution: 'minute, hour or day' },
    together: 'sum',
  },
  tessera_audit_checkpoints_total: {
    type: 'counter',
    help: 'Checkpoints of the audit log: signed and stored, or failed. The next one signs everything that a failed one did not.',
    labels: { result: 'signed or failed' },
    together: 'sum',
  },
  tessera_audit_export_events_total: {
    type: 'counter',
    help: 'Audit events delivered to a system. An event that was sent twice counts once or twice.',
    labels: { sink },
    together: 'sum',
  },
  tessera_audit_export_failures_total: {
    type: 'counter',
    help: 'Failed attempts to export audit events. Each is repeated.',
    labels: { sink },
    together: 'sum',
  },
  tessera_audit_export_missed_total: {
    type: 'counter',
    help: 'Audit events that were removed before they were exported.',
    labels: { sink },
    together: 'sum',
  },
  tessera_audit_export_lag_seconds: {
    type: 'gauge',
    help: 'Age of the oldest audit event that is not exported, or 0. Only the process that exports has it.',
    labels: { sink },
    together: 'max',
  },
  tessera_audit_export_retention_used_ratio: {
    type: 'gauge',
    help: 'The lag as a part of audit.retention_days. At 1, events are removed that were not exported.',
    labels: { sink },
    together: 'max',
  },
  tessera_cache_entries: {
    type: 'gauge',
    help: 'Entries in caches of computed values.',
    labels: { cache: 'condition: compiled conditions, at most 1,000; proof_key: keys of DPoP proofs, at most 2,000' },
    together: 'sum',
  },
  tessera_remote_keys_fetches_total: {
    type: 'counter',
    help: 'Fetches of documents with keys of clients and outside issuers.',
    labels: {
      document,
      result: 'fetched, or the fault: dns, connect, tls, timeout, status, not_json, unusable, …',
    },
    together: 'sum',
  },
  tessera_remote_keys_stale_served_total: {
    type: 'counter',
    help: 'Uses of an expired document because its source did not answer.',
    labels: { document },
    together: 'sum',
  },
  tessera_remote_keys_sources_failing: {
    type: 'gauge',
    help: 'Sources of documents whose last fetch failed.',
    labels: { document },
    together: 'max',
  },
  tessera_credentials_expiring: {
    type: 'gauge',
    help: 'Credentials, not revoked, that expire within so many days. Updated every minute.',
    labels: { within_days: '1, 7 or 30' },
    together: 'max',
  },
  tessera_manifest_up_to_date: {
    type: 'gauge',
    help: '1 if clients and APIs are as the files of `manifest` say, 0 if a change of the files was refused or is not in force. Absent without such files.',
    labels: {},
    together: 'first',
  },
  tessera_manifest_applied_timestamp_seconds: {
    type: 'gauge',
    help: 'The last time at which clients and APIs were made, or found, to be as the files of `manifest` say.',
    labels: {},
    together: 'first',
  },
  tessera_database_calls_total: {
    type: 'counter',
    help: 'Database calls.',
    labels: {
      store: stores,
      result: 'ok, unavailable (the database failed), or error (it answered with an error)',
    },
    together: 'sum',
  },
  tessera_database_call_duration_seconds: {
    type: 'histogram',
    help: 'Duration of database calls, whatever their result.',
    labels: { store: stores },
    together: 'sum',
  },
  tessera_database_connections: {
    type: 'gauge',
    help: 'Connections to PostgreSQL, and waits for one. Absent with SQLite.',
    labels: { pool: 'prompt (requests wait for it) or patient (other work)', state: 'busy, idle or waiting' },
    together: 'sum',
  },
  tessera_workers_configured: {
    type: 'gauge',
    help: 'Configured workers. Absent with a single process.',
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
    help: 'Workers that ended by themselves. Each is replaced.',
    labels: {},
    together: 'sum',
  },
} as const satisfies Record<string, MetricInfo>

export type MetricName = keyof typeof metricTable

/** The most useful metrics of the process. A scrape has all metrics that prom-client collects, by role of the process. */
export const processMetricTable = {
  process_cpu_seconds_total: 'Processor time. A process uses one core, apart from slow hashes.',
  process_resident_memory_bytes: 'Memory of the process.',
  process_start_time_seconds: 'Start time of the process. With several workers, the latest.',
  process_open_fds: 'Open files and sockets, by process. Each connection is one.',
  process_max_fds: 'The limit of open files and sockets.',
  nodejs_eventloop_lag_p99_seconds:
    'Time for which the event loop was busy without a pause. With several workers, the worst.',
  nodejs_heap_size_used_bytes: 'Memory that JavaScript uses.',
  nodejs_gc_duration_seconds: 'Duration of garbage collections.',
} as const satisfies Record<string, string>
