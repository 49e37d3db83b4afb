import { sql } from 'kysely'
import type { AuditStore } from '../audit/store.ts'
import type { ChangeStore } from '../changes/feed.ts'
import type { CredentialStore } from '../credentials/store.ts'
import type { DirectoryStore } from '../directory/store.ts'
import type { ConsumerStore } from '../keys/consumers.ts'
import type { KeyStore } from '../keys/store.ts'
import type { ManifestStore } from '../manifest/store.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { RevocationStore } from '../revocation/store.ts'
import { SqlAuditStore } from './audit.ts'
import { SqlChangeStore } from './changes.ts'
import { SqlCredentialStore } from './credentials.ts'
import type { ConnectionCounts, Database } from './dialect.ts'
import { SqlDirectoryStore } from './directory.ts'
import { SqlKeyStore } from './keys.ts'
import { SqlManifestStore } from './manifest.ts'
import { SqlReplayStore } from './replay.ts'
import { SqlRevocationStore } from './revocations.ts'

/**
 * Every store, on one database. When the database fails, each call rejects with an OAuthError `storage_unavailable`
 * (503), with what the driver said as its cause.
 */
export interface Store {
  readonly directory: DirectoryStore
  readonly changes: ChangeStore
  readonly keys: KeyStore & ConsumerStore
  readonly revocations: RevocationStore
  readonly credentials: CredentialStore
  readonly replay: ReplayStore
  readonly audit: AuditStore
  readonly manifest: ManifestStore
  /** Resolves when the database answers. */
  ping(): Promise<void>
  connections(): readonly ConnectionCounts[]
  /** One process does it for all. @returns what ends it */
  startUpkeep(): () => Promise<void>
  close(): Promise<void>
}

/** Makes the stores on a database that has been migrated. */
export function createStore(db: Database, clock: Clock): Store {
  const audit = new SqlAuditStore(db)
  return {
    directory: new SqlDirectoryStore(db.reads),
    changes: new SqlChangeStore(db.reads),
    keys: new SqlKeyStore(db, clock, audit),
    revocations: new SqlRevocationStore(db),
    credentials: new SqlCredentialStore(db, clock, audit),
    replay: new SqlReplayStore(db),
    audit,
    manifest: new SqlManifestStore(db, clock, audit),
    ping: async () => {
      await sql`select 1`.execute(db.reads)
    },
    connections: () => db.connections(),
    startUpkeep: () => db.startUpkeep(),
    close: () => db.close(),
  }
}
