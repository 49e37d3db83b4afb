import { readdirSync, readFileSync, statSync } from 'node:fs'
import { sql } from 'kysely'
import type { Database } from '../../src/store/sql/dialect.ts'
import { scrape } from '../../test/harness/scrape.ts'
import type { BenchDatabase } from '../servers/databases.ts'
import type { SoakNode } from './node.ts'
import type { Series, Tolerance, Unexpected } from './verdict.ts'

/** A growth that this run would show as the start of a leak, beyond what garbage collection and caches do. */
const MEMORY: Tolerance = { share: 0.08, amount: 6e6 }
const HANDLES: Tolerance = { share: 0.05, amount: 4 }
/** Tables whose rows come with requests and go with time. All others are judged more strictly. */
const BUSY = new Set(['audit_event', 'audit_segment', 'audit_term', 'replay_mark', 'revocation', 'usage'])
const rowsOf = (table: string): Tolerance => (BUSY.has(table) ? { share: 0.1, amount: 60 } : { share: 0.03, amount: 6 })
const FILE: Tolerance = { share: 0.1, amount: 8e6 }

/** Metrics of a server that are sampled. */
const metrics = [
  ['heap used', 'nodejs_heap_size_used_bytes', 'bytes', MEMORY],
  ['external memory', 'nodejs_external_memory_bytes', 'bytes', MEMORY],
  ['clients in memory', 'tessera_directory_clients', 'count', HANDLES],
  ['entries in caches', 'tessera_cache_entries', 'count', { share: 0.1, amount: 60 }],
  ['audit events waiting', 'tessera_audit_events_waiting', 'count', { share: 0.1, amount: 500 }],
  ['usage counts waiting', 'tessera_usage_entries', 'count', { share: 0.1, amount: 500 }],
] as const

/** Takes samples of servers and their database. */
export class Samples {
  readonly #series = new Map<string, { readonly points: { at: number; value: number }[] } & Omit<Series, 'points'>>()
  readonly #database: Database
  readonly #file: string | undefined
  readonly #failed = new Map<string, number>()
  readonly #start = performance.now()

  static async start(database: BenchDatabase): Promise<Samples> {
    return new Samples(await database.open(), /^sqlite:(.*)$/.exec(database.url)?.[1])
  }

  private constructor(database: Database, file: string | undefined) {
    this.#database = database
    this.#file = file
  }

  get series(): readonly Series[] {
    return [...this.#series.values()]
  }

  /** Seconds since the start. */
  get elapsed(): number {
    return (performance.now() - this.#start) / 1000
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  /** The samples that could not be taken. */
  get unexpected(): readonly Unexpected[] {
    return Array.from(this.#failed, ([what, count]) => ({ what, count }))
  }

  /**
   * @param nodes the one that lives for the whole run, and the one that is restarted
   * @param kept rows of tables that stay for good, which are no growth
   */
  async take(
    [lasting, restarted]: readonly [SoakNode, SoakNode],
    kept: Readonly<Record<string, number>>,
  ): Promise<void> {
    await this.#note('a sample of the lasting server', () => this.#takeOf(lasting, true))
    await this.#note('a sample of the database', () => this.#takeOfDatabase(kept))
    const { pid } = restarted
    // While it is being restarted, there is nothing to see.
    await this.#takeOf(restarted, false).catch((error: Error) => {
      if (restarted.pid === pid) this.#fail('a sample of the restarted server', error)
    })
  }

  #note(name: string, take: () => Promise<void>): Promise<void> {
    return take().catch((error: Error) => this.#fail(name, error))
  }

  #fail(name: string, { message }: Error): void {
    const what = `${name}: ${message}`
    this.#failed.set(what, (this.#failed.get(what) ?? 0) + 1)
  }

  /** @param isLasting whether the process lives for the whole run, so that its growth is judged */
  async #takeOf(node: SoakNode, isLasting: boolean): Promise<void> {
    const { pid, name } = node
    if (pid === undefined) return
    const judged = (tolerance: Tolerance) => (isLasting ? tolerance : undefined)
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const fieldOf = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1])
    this.#add(`${name}: resident memory`, fieldOf('VmRSS') * 1024, 'bytes', judged(MEMORY))
    this.#add(`${name}: threads`, fieldOf('Threads'), 'count', judged({ share: 0, amount: 1 }))
    this.#add(`${name}: open handles`, readdirSync(`/proc/${pid}/fd`).length, 'count', judged(HANDLES))
    const { value } = await scrape(node.admin)
    for (const [what, metric, unit, tolerance] of metrics)
      this.#add(`${name}: ${what}`, value(metric) ?? Number.NaN, unit, judged(tolerance))
    this.#add(
      `${name}: event loop, slowest hundredth`,
      (value('nodejs_eventloop_lag_p99_seconds') ?? Number.NaN) * 1000,
      'ms',
    )
    this.#add(`${name}: lost audit events`, value('tessera_audit_events_lost_total') ?? 0, 'count', {
      share: 0,
      amount: 0,
    })
  }

  async #takeOfDatabase(kept: Readonly<Record<string, number>>): Promise<void> {
    const { scans: db } = this.#database
    for (const name of await this.#tables(db)) {
      const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(name)}`.execute(db)
      const count = Number(rows[0]?.count)
      this.#add(`rows of ${name}`, count, 'rows', name in kept ? undefined : rowsOf(name))
      if (name in kept)
        this.#add(`rows of ${name}, but those kept for good`, count - (kept[name] ?? 0), 'rows', rowsOf(name))
    }
    if (this.#file === undefined) {
      const { rows } = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(db)
      this.#add('database', Number(rows[0]?.bytes), 'bytes', FILE)
      return
    }
    this.#add('database file', statSync(this.#file).size, 'bytes', FILE)
    this.#add('write-ahead log', statSync(`${this.#file}-wal`).size, 'bytes', FILE)
  }

  async #tables(db: Database['scans']): Promise<readonly string[]> {
    const names =
      this.#file === undefined
        ? sql<{ name: string }>`select tablename as name from pg_tables where schemaname = current_schema() order by 1`
        : sql<{
            name: string
          }>`select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by 1`
    return (await names.execute(db)).rows.map(({ name }) => name)
  }

  #add(name: string, value: number, unit: Series['unit'], tolerance?: Tolerance): void {
    const series = this.#series.get(name) ?? { name, unit, tolerance, points: [] }
    this.#series.set(name, series)
    series.points.push({ at: this.elapsed, value })
  }
}
