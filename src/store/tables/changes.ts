import type { Kysely } from 'kysely'
import type { Change, ChangeStore } from '../../model/changes/change.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { lastTaken, takeNumbers } from '../sql/counters.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { type Row, toChange } from './rows.ts'

/** The number of changes of a tenant that stay listed. A process that has missed more drops everything it remembers. */
export const CHANGES_KEPT = 50_000
/** The number of changes removed at a time, beyond those added. It is bounded, since other writers wait meanwhile. */
const REMOVED_BESIDE = 1_000

export class SqlChangeStore implements ChangeStore {
  readonly #db: Kysely<Schema>
  readonly #tenant: TenantId

  constructor(db: Kysely<Schema>, tenant: TenantId) {
    this.#db = db
    this.#tenant = tenant
  }

  latestChange(): Promise<number> {
    return lastTaken(this.#db, this.#tenant, 'change')
  }

  changesSince(seq: number, mark?: string) {
    return changesSince(this.#db, this.#tenant, seq, mark)
  }
}

export async function changesSince(db: Kysely<Schema>, tenant: TenantId, seq: number, mark?: string) {
  const rows = await db
    .selectFrom('change')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('seq', '>=', seq)
    .orderBy('seq')
    .execute()
  const [first] = rows
  // A standby that had lagged, or a restored backup, gives the numbers of lost changes to others.
  if (mark !== undefined && (first === undefined || markOf(first) !== mark))
    return { latest: await lastTaken(db, tenant, 'change'), mark: undefined, changes: [], missed: true }
  const last = rows.at(-1)
  const latest = last?.seq ?? seq
  const later = first?.seq === seq ? rows.slice(1) : rows
  const changes = later.map(toChange).filter((change) => change !== undefined)
  // Their numbers have no gaps.
  return { latest, mark: last && markOf(last), changes, missed: changes.length < latest - seq }
}

const markOf = ({ seq, at, kind, id }: Row<'change'>): string => `${seq} ${at} ${kind} ${id}`

/** Lists changes of a tenant, within the transaction that makes them. Forgets the oldest ones by number, since clocks may be wrong. */
export async function announce(
  trx: Kysely<Schema>,
  tenant: TenantId,
  clock: Clock,
  changes: readonly Change[],
): Promise<void> {
  const at = clock.now()
  const latest = await takeNumbers(trx, tenant, 'change', changes.length)
  const first = latest - changes.length + 1
  const rows = changes.map(({ kind, id }, index) => ({ tenant, seq: first + index, kind, id, at }))
  for (const part of inParts(rows)) await trx.insertInto('change').values(part).execute()
  await forget(trx, tenant, latest - CHANGES_KEPT, changes.length + REMOVED_BESIDE)
}

/** @param upTo the number of the last change that may be removed @param most how many may be removed at a time */
async function forget(trx: Kysely<Schema>, tenant: TenantId, upTo: number, most: number): Promise<void> {
  const { oldest } = await trx
    .selectFrom('change')
    .select(({ fn }) => fn.min<number | null>('seq').as('oldest'))
    .where('tenant', '=', tenant)
    .executeTakeFirstOrThrow()
  if (oldest === null || oldest > upTo) return
  await trx
    .deleteFrom('change')
    .where('tenant', '=', tenant)
    .where('seq', '<=', Math.min(upTo, oldest + most - 1))
    .execute()
}
