import type { Kysely } from 'kysely'
import type { AuditEvent } from '../../audit/event.ts'
import type { Jti, TenantId } from '../../oauth/ids.ts'
import { toListed } from '../../platform/unreadable.ts'
import type { Revocation, RevocationStore } from '../../tokens/revocation/store.ts'
import { lastTaken, takeNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import type { SqlAuditStore } from './audit.ts'
import { fromRevocation, type Row, toRevocation } from './rows.ts'

type RevocationPage = Awaited<ReturnType<RevocationStore['revocationsAfter']>>

export class SqlRevocationStore implements RevocationStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #audit: SqlAuditStore

  constructor(db: Database, tenant: TenantId, audit: SqlAuditStore) {
    this.#db = db
    this.#tenant = tenant
    this.#audit = audit
  }

  addRevocations(revocations: readonly Revocation[], event?: AuditEvent): Promise<void> {
    return transact(this.#db.urgent, async (trx) => {
      await addRevocations(trx, this.#tenant, revocations)
      if (event !== undefined) await this.#audit.appendWithin(trx, [event])
    })
  }

  async revocationsAfter(after: number, limit: number, mark?: string): Promise<RevocationPage> {
    const rows = await this.#db.reads
      .selectFrom('revocation')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('seq', '>=', after)
      .orderBy('seq')
      .limit(limit + 1)
      .execute()
    const known = rows[0]?.seq === after ? rows[0] : undefined
    if (mark !== undefined && (await this.#isLost(after, mark, known))) return this.revocationsAfter(0, limit)
    const later = (known === undefined ? rows : rows.slice(1)).slice(0, limit)
    const last = later.at(-1) ?? known
    return { latest: last?.seq ?? after, mark: last ? markOf(last) : mark, ...toListed(later.map(toRevocation)) }
  }

  /** Whether the database has lost a revocation. It removes those of expired tokens, but never takes back their numbers. */
  async #isLost(seq: number, mark: string, row: Row<'revocation'> | undefined): Promise<boolean> {
    if (row !== undefined) return markOf(row) !== mark
    return (await lastTaken(this.#db.reads, this.#tenant, 'revocation')) < seq
  }

  async isTokenRevoked(id: Jti): Promise<boolean> {
    const row = await this.#db.reads
      .selectFrom('revocation')
      .select('seq')
      .where('tenant', '=', this.#tenant)
      .where('id', '=', id)
      .where('kind', '=', 'token')
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
  }

  pruneRevocations(time: number, most: number): Promise<number> {
    return transact(this.#db.writes, async (trx) => {
      const due = await trx
        .selectFrom('revocation')
        .select(['tenant', 'seq'])
        .where('expires_at', '<=', time)
        // In the order of the index, which has the due rows first.
        .orderBy('expires_at')
        .limit(most)
        .execute()
      for (const [tenant, rows] of Map.groupBy(due, (row) => row.tenant)) {
        const seqs = rows.map(({ seq }) => seq)
        await trx.deleteFrom('revocation').where('tenant', '=', tenant).where('seq', 'in', seqs).execute()
      }
      return due.length
    })
  }

  longestLifetime(): Promise<number> {
    return longestLifetime(this.#db.scans, this.#tenant)
  }

  async noteLifetime(milliseconds: number): Promise<void> {
    if ((await this.longestLifetime()) >= milliseconds) return
    await noteLifetime(this.#db.writes, this.#tenant, milliseconds)
  }
}

const markOf = ({ seq, kind, id, issued_before, expires_at }: Row<'revocation'>): string =>
  `${seq} ${kind} ${id} ${issued_before} ${expires_at}`

/** Adds revocations within a transaction. */
export async function addRevocations(
  trx: Kysely<Schema>,
  tenant: TenantId,
  revocations: readonly Revocation[],
): Promise<void> {
  const first = (await takeNumbers(trx, tenant, 'revocation', revocations.length)) - revocations.length + 1
  const rows = revocations.map((revocation, index) => ({ tenant, seq: first + index, ...fromRevocation(revocation) }))
  for (const part of inParts(rows)) await trx.insertInto('revocation').values(part).execute()
}

/** A year, the longest lifetime that a manifest may set. */
const LONGEST_MS = 31_536_000_000

/** The longest lifetime that any token of a tenant can have had, in milliseconds. If the row can't be read, it is the longest one allowed. */
export async function longestLifetime(db: Kysely<Schema>, tenant: TenantId): Promise<number> {
  const row = await db
    .selectFrom('longest_lifetime')
    .select('milliseconds')
    .where('tenant', '=', tenant)
    .executeTakeFirst()
  if (row === undefined) return 0
  return Number.isFinite(row.milliseconds) && row.milliseconds >= 0 ? row.milliseconds : LONGEST_MS
}

/** Remembers that a tenant's tokens may live so long. If two callers write at once, the longer lifetime stays. */
export async function noteLifetime(db: Kysely<Schema>, tenant: TenantId, milliseconds: number): Promise<void> {
  await db
    .insertInto('longest_lifetime')
    .values({ tenant, milliseconds })
    .onConflict((conflict) =>
      conflict.column('tenant').doUpdateSet({ milliseconds }).where('longest_lifetime.milliseconds', '<', milliseconds),
    )
    .execute()
}
