import type { AuditEvent } from '../../audit/event.ts'
import { CHECKPOINTS, type Chain, extendCheckpoints, type Head, headOf } from '../../audit/proof/chain.ts'
import type { Checkpoint } from '../../audit/proof/checkpoint.ts'
import type { AuditKey, Seal } from '../../audit/proof/keys.ts'
import type { Removal } from '../../audit/proof/statements.ts'
import type { AddedKey, ChainedRow, CheckpointDraft, ProofStore } from '../../audit/proof/store.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import { DEFAULT_TENANT } from '../../oauth/ids.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import { transact } from '../sql/transaction.ts'
import type { Chaining, SqlAuditStore } from './audit.ts'
import { masterKeyInUse, requireInUse } from './master-key.ts'
import { fromAuditKey, toAuditKey, toChain, toCheckpoint, toRemoval } from './proof-rows.ts'
import { checkpoints, Pruning } from './pruning.ts'
import { lockRemovals } from './removals.ts'

export class SqlProofStore implements ProofStore {
  readonly #db: Database
  readonly #audit: SqlAuditStore
  readonly #chaining: Chaining
  readonly #pruning: Pruning

  constructor(db: Database, audit: SqlAuditStore, chaining: Chaining) {
    this.#db = db
    this.#audit = audit
    this.#chaining = chaining
    this.#pruning = new Pruning(db, checkpoints(chaining.removals))
  }

  signWith(seal: Seal | undefined): void {
    this.#chaining.removals.seal = seal
  }

  async addCheckpoint(sign: (draft: CheckpointDraft) => Checkpoint): Promise<Checkpoint | undefined> {
    const { writer } = this.#chaining
    let signed: readonly Head[] = []
    const added = await transact(this.#db.logs, async (trx) => {
      await lockRemovals(trx)
      const chains = (await trx.selectFrom('audit_chain').selectAll().orderBy('id').execute()).map(toChain)
      const own = writer.heads
      const gone = own.filter((head) => !chains.some(({ id }) => id === head.chain))
      const heads = [...chains.flatMap((chain) => growthOf(chain, own)), ...gone]
      signed = heads
      const before = chains.find(({ id }) => id === CHECKPOINTS)
      if (heads.length === 0 || before === undefined) return undefined
      const { place, hash: previous } = headOf(before)
      const checkpoint = sign({ number: place + 1, previous, chains: chains.at(-1)?.id ?? 0, heads })
      const { number, at, statement, signature } = checkpoint
      const row = { number, at, statement, signature: Buffer.from(signature) }
      await trx.insertInto('audit_checkpoint').values(row).execute()
      const { hash } = extendCheckpoints(headOf(before), checkpoint)
      const update = trx.updateTable('audit_chain')
      await update.set({ place: number, hash }).where('id', '=', CHECKPOINTS).execute()
      for (const head of heads) await update.set({ signed_place: head.place }).where('id', '=', head.chain).execute()
      return checkpoint
    })
    writer.forget(signed)
    return added
  }

  removeCheckpointsBefore(time: number, most: number): Promise<number> {
    return this.#pruning.pruneBefore(time, most)
  }

  async listKeys(): Promise<readonly AuditKey[]> {
    const rows = await this.#db.scans.selectFrom('audit_key').selectAll().orderBy('number').execute()
    return rows.map(toAuditKey)
  }

  addKey(plan: (keys: readonly AuditKey[], masterKeyInUse: string | undefined) => AddedKey | undefined): Promise<void> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, DEFAULT_TENANT, 'change')
      const keys = await trx.selectFrom('audit_key').selectAll().orderBy('number').execute()
      const added = plan(keys.map(toAuditKey), await masterKeyInUse(trx, DEFAULT_TENANT))
      if (added === undefined) return
      const { key, event } = added
      if (key.encrypted !== undefined) await requireInUse(trx, DEFAULT_TENANT, key.encrypted.masterKeyId)
      await trx.updateTable('audit_key').set({ encrypted_private_key: null, master_key_id: null }).execute()
      await trx.insertInto('audit_key').values(fromAuditKey(key)).execute()
      await this.#audit.appendWithin(trx, [event])
    })
  }

  replaceEncryptedKey(kid: string, before: Encrypted, after: Encrypted, event: AuditEvent): Promise<boolean> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, DEFAULT_TENANT, 'change')
      await requireInUse(trx, DEFAULT_TENANT, after.masterKeyId)
      const { numUpdatedRows } = await trx
        .updateTable('audit_key')
        .set({ encrypted_private_key: after.ciphertext, master_key_id: after.masterKeyId })
        .where('kid', '=', kid)
        .where('encrypted_private_key', '=', before.ciphertext)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows !== 1n) return false
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  async listChains(): Promise<readonly Chain[]> {
    const rows = await this.#db.scans.selectFrom('audit_chain').selectAll().orderBy('id').execute()
    return rows.map(toChain)
  }

  async listRemovals(): Promise<readonly Removal[]> {
    const query = this.#db.scans.selectFrom('audit_removal').selectAll().orderBy('chain').orderBy('first')
    return (await query.execute()).map(toRemoval)
  }

  async listCheckpoints(after: number, most: number): Promise<readonly Checkpoint[]> {
    const query = this.#db.scans.selectFrom('audit_checkpoint').selectAll().where('number', '>', after)
    return (await query.orderBy('number').limit(most).execute()).map(toCheckpoint)
  }

  listRows(after: number, most: number): Promise<readonly ChainedRow[]> {
    return this.#db.scans
      .selectFrom('audit_event')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(most)
      .execute()
  }
}

/** The end of a chain, if it is not signed yet; for a chain of this process, the one that it remembers. */
function growthOf(chain: Chain, own: readonly Head[]): readonly Head[] {
  if (chain.id === CHECKPOINTS) return []
  const head = own.find((one) => one.chain === chain.id) ?? headOf(chain)
  return head.place > chain.signedPlace ? [head] : []
}
