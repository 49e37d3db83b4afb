import type { Checkpoints } from '../audit/proof/checkpoints.ts'
import type { AuditSink } from '../audit/sink.ts'
import type { Documents } from '../client-auth/remote-jwks/documents.ts'
import type { Guesses } from '../client-auth/throttle/guesses.ts'
import { expiryOf } from '../config/certificate.ts'
import type { Config } from '../config/resolve.ts'
import type { RuntimeContext } from '../endpoints/routes.ts'
import type { MeterFor } from '../http/meter.ts'
import { nextRotationAt } from '../keys/schedule.ts'
import type { EndpointAddresses, EndpointName } from '../oauth/endpoints.ts'
import { one, type Readings } from '../observability/readings.ts'
import type { CountedEndpoint, Traffic } from '../observability/traffic.ts'
import { version } from '../platform/version.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { UsageCounter } from '../usage/counter.ts'
import type { UsageRetention } from '../usage/retention.ts'
import type { CredentialNotes } from './credentials.ts'
import type { Model } from './model.ts'
import { storageKind } from './started.ts'

/** The names under which the requests to each endpoint are counted. */
const COUNTED_AS: Readonly<Record<EndpointName, CountedEndpoint>> = {
  token: 'token',
  introspection: 'introspection',
  revocation: 'revocation',
  authorization: 'other',
  keys: 'keys',
  metadata: 'metadata',
  openid_configuration: 'metadata',
  heartbeat: 'other',
}

/** Maps each path of the runtime listener to the counter of its requests. An alias counts as its endpoint. */
export const meterByPath =
  (traffic: Traffic, { paths }: EndpointAddresses): MeterFor =>
  (path) => {
    const name = path === undefined ? undefined : paths.get(path)
    return traffic.of(name === undefined ? 'other' : COUNTED_AS[name])
  }

export const readBuild = ({ storage }: Config): Readings => ({
  tessera_build_info: [{ labels: { version, node: process.version, storage: storageKind(storage) }, value: 1 }],
})

export const readCertificate = ({ certificate }: Config): Readings => ({
  tessera_tls_certificate_expires_timestamp_seconds: certificate === undefined ? [] : one(expiryOf(certificate) / 1000),
})

export const readConnections = (store: Pick<Store, 'connections'>): Readings => ({
  tessera_database_connections: store
    .connections()
    .flatMap(({ pool, busy, idle, waiting }) =>
      Object.entries({ busy, idle, waiting }).map(([state, value]) => ({ labels: { pool, state }, value })),
    ),
})

export function readAudit({ counts }: AuditSink): Readings {
  return {
    tessera_audit_events_waiting: one(counts.waiting),
    tessera_audit_events_capacity: one(counts.capacity),
    tessera_audit_events_written_total: one(counts.written),
    tessera_audit_batches_failed_total: one(counts.failedBatches),
    tessera_audit_events_lost_total: one(counts.lost),
  }
}

export const readUsage = ({ counts }: UsageCounter): Readings => ({
  tessera_usage_entries: one(counts.entries),
  tessera_usage_written_total: one(counts.written),
  tessera_usage_batches_failed_total: one(counts.failedBatches),
  tessera_usage_others_total: one(counts.others),
  tessera_usage_lost_total: one(counts.lost),
})

/** @param retention undefined in a worker, whose primary removes the counts of all */
export const readRetention = (retention: UsageRetention | undefined): Readings => ({
  tessera_usage_rows_removed_early_total: Object.entries(retention?.removedEarly ?? {}).map(([resolution, value]) => ({
    labels: { resolution },
    value,
  })),
})

export const readCheckpoints = ({ counts }: Pick<Checkpoints, 'counts'>): Readings => ({
  tessera_audit_checkpoints_total: Object.entries(counts).map(([result, value]) => ({ labels: { result }, value })),
})

export const readGuesses = ({ refused }: Guesses): Readings => ({
  tessera_guesses_refused_total: Object.entries(refused).map(([by, value]) => ({ labels: { by }, value })),
})

export function readDirectory({ directory }: Model): Readings {
  const { hits, misses, clients } = directory.counts
  return {
    tessera_directory_lookups_total: [
      { labels: { result: 'hit' }, value: hits },
      { labels: { result: 'miss' }, value: misses },
    ],
    tessera_directory_clients: one(clients),
  }
}

/** Counts keys by algorithm and state. A label with the id of the key would get ever more values. */
export function readKeys({ keyring }: Model, { keys }: Config): Readings {
  const stored = keyring.stored
  const algorithms = [...new Set(stored.map(({ algorithm }) => algorithm))]
  const at = (time: (algorithm: (typeof algorithms)[number]) => number | undefined) =>
    algorithms.flatMap((algorithm) => {
      const ms = time(algorithm)
      return ms === undefined ? [] : [{ labels: { algorithm }, value: ms / 1000 }]
    })
  const active = (algorithm: string) => stored.find((key) => key.algorithm === algorithm && key.state === 'active')
  return {
    tessera_keys: algorithms.flatMap((algorithm) =>
      (['pending', 'active', 'retiring', 'revoked'] as const).map((state) => ({
        labels: { algorithm, state },
        value: stored.filter((key) => key.algorithm === algorithm && key.state === state).length,
      })),
    ),
    tessera_keys_unusable: (['pending', 'active', 'retiring', 'unknown'] as const).map((state) => ({
      labels: { state },
      value: keyring.problems.filter((key) => (key.state ?? 'unknown') === state).length,
    })),
    tessera_key_activated_timestamp_seconds: at((algorithm) => active(algorithm)?.activeAt),
    tessera_key_next_rotation_timestamp_seconds: at((algorithm) =>
      nextRotationAt(stored, algorithm, { rotateEvery: keys.rotate_every * 1000 }),
    ),
  }
}

export function readCredentials({ marks, expiry }: CredentialNotes): Readings {
  return {
    tessera_replay_marks_total: Object.entries(marks.counts).map(([result, value]) => ({ labels: { result }, value })),
    tessera_credentials_expiring: [...expiry.counts].map(([days, value]) => ({
      labels: { within_days: String(days) },
      value,
    })),
  }
}

export function readServices({ clientAuth, proofVerifier }: RuntimeContext): Readings {
  const { running, waiting } = clientAuth.secrets.hashes
  const documents: readonly [string, Pick<Documents<unknown>, 'counts'>][] = [
    ['key_set', clientAuth.keySets],
    ['metadata', clientAuth.issuerKeys],
  ]
  const remote = documents.map(([document, { counts }]) => ({ labels: { document }, counts }))
  return {
    tessera_cache_entries: [
      { labels: { cache: 'condition' }, value: clientAuth.conditions.size },
      { labels: { cache: 'proof_key' }, value: proofVerifier.keys.size },
    ],
    tessera_secret_hashes_running: one(running),
    tessera_secret_hashes_waiting: one(waiting),
    tessera_remote_keys_fetches_total: remote.flatMap(({ labels, counts }) =>
      [...counts.fetches].map(([result, value]) => ({ labels: { ...labels, result }, value })),
    ),
    tessera_remote_keys_stale_served_total: remote.map(({ labels, counts }) => ({ labels, value: counts.staleServed })),
    tessera_remote_keys_sources_failing: remote.map(({ labels, counts }) => ({ labels, value: counts.failing })),
  }
}
