/**
 * The figures that the simulation computes from. Some were measured on one machine, some come from the source, some are
 * assumed. `docs/operating/scale.md` says which figure is of which kind.
 */

import { readFileSync } from 'node:fs'
import { z } from 'zod'

const positive = z.number().positive()

const schema = z.strictObject({
  /** The machine on which they were measured. */
  machine: z.string(),
  /** Microseconds of one core for each request over plain HTTP on a connection that stays open (`npm run bench`, `cpu_us`). */
  cpu_us: z.strictObject({
    /** Bare HTTP and a signature: the least that any server which signs can need. */
    floor: positive,
    /** A JWT of ES256 for a generated secret. */
    es256_basic: positive,
    private_key_jwt: positive,
    /** A JWT of ES256 for a generated secret, bound by a proof (RFC 9449). */
    dpop: positive,
    /** A sealed token for a generated secret. */
    sealed: positive,
    /** Introspection of a sealed token. */
    introspection: positive,
  }),
  /** Microseconds of the server, beyond plain HTTP (`tls.ts`): ECDSA P-256, TLS 1.3. `record`: one, either way. */
  tls_us: z.strictObject({
    tcp_connection: positive,
    full_handshake: positive,
    resumed_handshake: positive,
    record: positive,
  }),
  /** Microseconds to hand an audit event from a worker to its primary, at either end (`channel.ts`). */
  channel_us: z.strictObject({ worker: positive, primary: positive }),
  /** A row: its bytes in SQLite with its indexes, and microseconds of the process that writes or reads it (`storage.ts`). */
  rows: z.strictObject({
    audit_bytes: positive,
    audit_append_us: positive,
    mark_bytes: positive,
    mark_add_us: positive,
    revocation_bytes: positive,
    revocation_read_us: positive,
    client_bytes: positive,
    client_load_us: positive,
    /** One poll for revocations and one for changes that find nothing new. */
    poll_us: positive,
  }),
  /** Bytes in memory (`storage.ts`); of a process under load with few clients (`npm run bench`, `rss_mb`). */
  memory: z.strictObject({ process_bytes: positive, client_bytes: positive, revocation_bytes: positive }),
  /** Figures that nobody has measured. */
  assumed: z.strictObject({
    /** Standard deviation of the time of one kind of request, as a part of its mean. */
    service_cv: z.number().nonnegative(),
    /** To answer with the key set, over an open connection. Microseconds. */
    key_set_us: positive,
    /** Rows that one PostgreSQL commits in batches, of all kinds together. */
    database_rows_per_s: positive,
    /** Connections that one PostgreSQL takes. */
    database_connections: positive,
    /** The part of a core that the primary process of a node may be busy. */
    primary_utilisation: positive,
    /** Seconds that client assertions and proofs live, of those that must be marked. */
    assertion_lifetime_s: positive,
  }),
})

export type Constants = z.output<typeof schema>

/** The measured and assumed figures. @throws ZodError if the file has another form */
export const constants: Constants = schema.parse(
  JSON.parse(readFileSync(new URL('constants.json', import.meta.url), 'utf8')),
)

/** Figures of the source. A test compares them with it. */
export const inSource = {
  /** `src/audit/recorder.ts`: events of one node that wait for the database before nothing more is issued. */
  auditEventsWaiting: 100_000,
  /** `src/audit/recorder.ts`: how long events wait to be written, at the most. */
  auditFlushMs: 200,
  /** `src/config/schema.ts`, `keys.cache_max_age`. */
  keySetMaxAgeS: 300,
  /** `src/tokens/revocation/revocations.ts`: rows in one read, which no request interrupts. */
  revocationPage: 10_000,
  /** `src/tokens/revocation/revocations.ts`: without a read for so many milliseconds, introspection answers 503. */
  revocationFreshMs: 1_000,
  /** `src/model/changes/feed.ts`, and as often for revocations (`src/server/model.ts`). Milliseconds. */
  pollIntervalMs: 200,
  /** `src/replay/marks.ts`: a mark outlives its assertion by so many minutes. */
  markKeptMinutes: 65,
  /** `src/model/credentials/usage.ts`: each process writes a credential's last use once in so many milliseconds. */
  usageResolutionMs: 60_000,
} as const
