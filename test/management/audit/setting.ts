import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { AuditEvent } from '../../../src/audit/event.ts'
import type { Checkpoint } from '../../../src/audit/proof/checkpoint.ts'
import { Checkpoints } from '../../../src/audit/proof/checkpoints.ts'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import { verifyAudit } from '../../../src/management/audit/verify.ts'
import { addRevocation } from '../../../src/management/revocations/add.ts'
import { systemRandom, uuidv7 } from '../../../src/platform/random.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/tables/sql-store.ts'
import { emptyDatabase } from '../../harness/empty-database.ts'
import { contextOf } from '../../harness/management.ts'
import { event } from '../../store/contract.ts'

export const MASTER = new MasterKey(Buffer.alloc(32, 7), systemRandom)
const RETENTION = 1_000_000

/** One run of a server, as far as it writes the audit log. */
export interface Run {
  readonly store: Store
  readonly checkpoints: Checkpoints
}

/** A database in which servers start and stop, write events, sign and remove them. */
export class Log {
  now = 1_800_000_000_000
  readonly copies: Checkpoint[] = []
  readonly errors: unknown[] = []
  readonly path: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'tessera-audit-'))
  readonly clock = { now: () => this.now, monotonic: () => this.now }
  #run: Run | undefined
  #made = 0

  constructor() {
    this.path = join(this.#folder, 'tessera.db')
    emptyDatabase(this.path)
  }

  get location(): string {
    return `sqlite:${this.path}`
  }

  async run(masterKey = MASTER): Promise<Run> {
    if (this.#run !== undefined) return this.#run
    const store = await openStore(this.location, this.clock)
    const checkpoints = new Checkpoints({
      store: store.proof,
      masterKey,
      clock: this.clock,
      random: systemRandom,
      retention: RETENTION,
      written: () => 0,
      onCheckpoint: (checkpoint) => this.copies.push(checkpoint),
      onError: (error) => this.errors.push(error),
    })
    await checkpoints.start()
    this.#run = { store, checkpoints }
    return this.#run
  }

  event(result: 'success' | 'refused' = 'success', more: Partial<AuditEvent> = {}): AuditEvent {
    this.#made += 1
    return {
      ...event(uuidv7(this.clock, systemRandom), this.now),
      ...(result === 'refused' && { result, reason: 'wrong_secret' }),
      clientId: `client-${this.#made}`,
      ...more,
    }
  }

  async write(successes: number, refusals = 0): Promise<void> {
    const { store } = await this.run()
    const events = [
      ...Array.from({ length: successes }, () => this.event()),
      ...Array.from({ length: refusals }, () => this.event('refused')),
    ]
    await store.audit.append(events.toSorted((one, other) => (one.requestId < other.requestId ? -1 : 1)))
  }

  async change(): Promise<void> {
    const { store } = await this.run()
    await addRevocation(contextOf(store, this.clock, MASTER), { kind: 'token', id: uuidv7(this.clock, systemRandom) })
  }

  async sign(): Promise<void> {
    await (await this.run()).checkpoints.sign()
  }

  /** Removes everything older than the retention. */
  async prune(keptRefusals?: number): Promise<void> {
    const { store } = await this.run()
    const oldest = this.now - RETENTION
    while ((await store.audit.pruneBefore(oldest, 7)) > 0);
    while ((await store.proof.removeCheckpointsBefore(oldest, 3)) > 0);
    if (keptRefusals === undefined) return
    const place = await store.audit.oldestRefusalOf(keptRefusals)
    if (place !== undefined) while ((await store.audit.removeRefusalsBefore(place, 5)) > 0);
  }

  /** Stops the server; a clean stop signs. */
  async stop(isClean = true): Promise<void> {
    const run = this.#run
    this.#run = undefined
    if (run === undefined) return
    if (isClean) await run.checkpoints.close()
    await run.store.close()
  }

  async verify(input: Parameters<typeof verifyAudit>[1] = {}, masterKey = MASTER) {
    const store = await openStore(this.location, this.clock)
    try {
      return await verifyAudit(contextOf(store, this.clock, masterKey), input)
    } finally {
      await store.close()
    }
  }

  /** Changes the database by hand. @returns the rows, if the statement returns any */
  tamper(sql: string, ...values: SQLInputValue[]) {
    const database = new DatabaseSync(this.path)
    try {
      return database.prepare(sql).all(...values)
    } finally {
      database.close()
    }
  }

  async remove(): Promise<void> {
    await this.stop(false)
    rmSync(this.#folder, { recursive: true })
  }
}
