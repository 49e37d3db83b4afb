import type { IdempotencyStore } from '../../admin/api/idempotency.ts'
import type { AccountStore } from '../../administrators/accounts/store.ts'
import type { SessionStore } from '../../administrators/sessions/store.ts'
import type { ExportStore } from '../../audit/export/store.ts'
import type { ProofStore } from '../../audit/proof/store.ts'
import type { AuditStore, AuditTrail } from '../../audit/store.ts'
import type { ConsumerStore } from '../../keys/consumers.ts'
import type { KeyStore } from '../../keys/store.ts'
import type { ChangeStore } from '../../model/changes/change.ts'
import type { CredentialStore } from '../../model/credentials/store.ts'
import type { CertificateUseStore } from '../../model/directory/certificate-use.ts'
import type { KeySourceStore } from '../../model/directory/key-sources.ts'
import type { DirectoryStore } from '../../model/directory/store.ts'
import type { FleetStore } from '../../model/fleet/store.ts'
import type { GroupStore } from '../../model/group.ts'
import type { ModelStore } from '../../model/store.ts'
import type { NodeStore } from '../../nodes/store.ts'
import { DEFAULT_TENANT, type TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { UserError } from '../../platform/user-error.ts'
import type { ReplayStore } from '../../replay/store.ts'
import type { RevocationStore } from '../../tokens/revocation/store.ts'
import type { UsageStore } from '../../usage/store.ts'
import type { ConnectionCounts, Database } from '../sql/dialect.ts'
import { transact } from '../sql/transaction.ts'
import { SqlAccountStore } from './accounts.ts'
import { SqlSessionStore } from './admin-sessions.ts'
import { type Chaining, SqlAuditStore } from './audit.ts'
import { SqlExportStore } from './audit-export.ts'
import { SqlCertificateUseStore } from './certificate-use.ts'
import { ChainWriter } from './chain-writer.ts'
import { SqlChangeStore } from './changes.ts'
import { tableNames } from './copy.ts'
import { SqlCredentialStore } from './credentials.ts'
import { SqlDirectoryStore } from './directory.ts'
import { SqlFleetStore } from './fleet.ts'
import { SqlGroupStore } from './groups.ts'
import { SqlIdempotencyStore } from './idempotency.ts'
import { SqlKeySourceStore } from './key-sources.ts'
import { SqlKeyStore } from './keys.ts'
import { SqlModelStore } from './model.ts'
import { SqlNodeStore } from './nodes.ts'
import { SqlProofStore } from './proof.ts'
import { Removals } from './removals.ts'
import { SqlReplayStore } from './replay.ts'
import { SqlRevocationStore } from './revocations.ts'
import { SqlUsageStore } from './usage.ts'

/**
 * The stores of one tenant: they read and write its rows only. When the database fails, each call rejects with
 * StorageUnavailable, whose cause is the error of the driver.
 */
export interface TenantStores {
  readonly directory: DirectoryStore
  readonly certificateUse: CertificateUseStore
  readonly keySources: KeySourceStore
  readonly changes: ChangeStore
  readonly keys: KeyStore & ConsumerStore
  readonly revocations: RevocationStore
  readonly credentials: CredentialStore
  readonly fleet: FleetStore
  readonly groups: GroupStore
  readonly replay: ReplayStore
  readonly audit: AuditTrail
  readonly model: ModelStore
  readonly accounts: AccountStore
  readonly sessions: SessionStore
  readonly usage: UsageStore
  readonly idempotency: IdempotencyStore
}

/** The stores of the default tenant, and everything that all tenants have in common. */
export interface Store extends TenantStores {
  readonly audit: AuditStore
  readonly exports: ExportStore
  readonly proof: ProofStore
  readonly nodes: NodeStore
  of(tenant: TenantId): TenantStores
  /** Writes to the database as requests do, and leaves nothing behind. Resolves when the database has accepted the write. */
  ping(): Promise<void>
  /** @throws UserError with the statements that grant missing rights, if the role lacks any that a server needs */
  requireGrants(): Promise<void>
  connections(): readonly ConnectionCounts[]
  /** Lines for an administrator, about things that this program can't mend. */
  warnings(): readonly string[]
  /** Starts the regular upkeep, which one process does for all. @returns a function that ends it */
  startUpkeep(): () => Promise<void>
  close(): Promise<void>
}

/** Makes the stores on a migrated database. */
export function createStore(db: Database, clock: Clock): Store {
  const chaining = { writer: new ChainWriter(db, clock), removals: new Removals() }
  const of = (tenant: TenantId) => createTenantStores(db, clock, tenant, chaining)
  return {
    ...of(DEFAULT_TENANT),
    exports: new SqlExportStore(db),
    proof: new SqlProofStore(db, of(DEFAULT_TENANT).audit, chaining),
    nodes: new SqlNodeStore(db),
    of,
    requireGrants: async () => {
      const missing = await findMissingGrants(db)
      if (missing !== undefined) throw missing
    },
    ping: () => writeAndRemove(db),
    connections: () => db.connections(),
    warnings: () => db.warnings(),
    startUpkeep: () => db.startUpkeep(),
    close: () => db.close(),
  }
}

function createTenantStores(db: Database, clock: Clock, tenant: TenantId, chaining: Chaining) {
  const audit = new SqlAuditStore(db, tenant, chaining)
  return {
    directory: new SqlDirectoryStore(db.reads, tenant),
    keySources: new SqlKeySourceStore(db, tenant),
    certificateUse: new SqlCertificateUseStore(db.reads, tenant),
    changes: new SqlChangeStore(db.reads, tenant),
    keys: new SqlKeyStore(db, tenant, clock, audit),
    revocations: new SqlRevocationStore(db, tenant, audit),
    credentials: new SqlCredentialStore(db, tenant, clock, audit),
    fleet: new SqlFleetStore(db, tenant, clock),
    groups: new SqlGroupStore(db, tenant, clock, audit),
    replay: new SqlReplayStore(db, tenant),
    audit,
    model: new SqlModelStore(db, tenant, clock, audit),
    accounts: new SqlAccountStore(db, tenant, clock, audit),
    sessions: new SqlSessionStore(db, tenant, audit),
    usage: new SqlUsageStore(db, tenant),
    idempotency: new SqlIdempotencyStore(db, tenant),
  }
}

/** The error that lists the grants that a server's role lacks; undefined if it lacks none. */
export async function findMissingGrants({ dialect, checks }: Database): Promise<UserError | undefined> {
  const missing = await dialect.missingGrants(checks, tableNames)
  if (missing.length === 0) return undefined
  const statements = missing.map((grant) => `${grant};`).join(' ')
  return new UserError(`this role lacks rights that serving takes. The owner of the tables grants them: ${statements}`)
}
/** Writes a replay mark, and removes it. Its id is random, so that processes don't wait for each other. */
const writeAndRemove = ({ marks, dialect }: Database): Promise<void> =>
  transact(marks, async (trx) => {
    const mark = { tenant: DEFAULT_TENANT, id: dialect.someBytes, expires_at: 0 }
    const { tenant, id } = await trx
      .insertInto('replay_mark')
      .values(mark)
      .returning(['tenant', 'id'])
      .executeTakeFirstOrThrow()
    await trx.deleteFrom('replay_mark').where('tenant', '=', tenant).where('id', '=', id).execute()
  })
