import { CompiledQuery, type Kysely } from 'kysely'
import type { Dialect } from '../sql/dialect.ts'
import { ROWS_IN_STATEMENT } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import type { EventRow } from './event-rows.ts'

/** Columns that often have one value in all rows of a batch. The further ahead a column is, the more often. */
const OFTEN_SHARED = ['changes', 'actor', 'tenant', 'type', 'result', 'reason', 'chain', 'trace_id'] as const
const OTHERS = ['place', 'at', 'client_id', 'remote_address', 'request_id', 'detail', 'hash'] as const

/**
 * Inserts events. Half of the cost is handing over values, so a value that all rows share is handed over once. Statements are made
 * once, since building one would cost more than running it.
 */
export class EventInserts {
  readonly #parameter: Dialect['parameter']
  readonly #statements = new Map<string, string>()

  constructor({ parameter }: Pick<Dialect, 'parameter'>) {
    this.#parameter = parameter
  }

  async insert(db: Kysely<Schema>, rows: readonly EventRow[]): Promise<void> {
    let from = 0
    for (const size of ROWS_IN_STATEMENT) {
      for (; rows.length - from >= size; from += size) await this.#insertInto(db, rows.slice(from, from + size))
    }
  }

  /** @param rows as many as one of the statements takes */
  async #insertInto(db: Kysely<Schema>, rows: readonly EventRow[]): Promise<void> {
    const [first] = rows
    if (first === undefined) return
    const shared = countShared(rows, first)
    const parameters: unknown[] = OFTEN_SHARED.slice(0, shared).map((column) => first[column])
    const unshared = OFTEN_SHARED.slice(shared)
    for (const row of rows) {
      for (const column of unshared) parameters.push(row[column])
      // Not by a list of names: to look a value up by name takes longer than to write it.
      const { place, at, client_id, remote_address, request_id, detail, hash } = row
      parameters.push(place, at, client_id, remote_address, request_id, detail, hash)
    }
    await db.executeQuery(CompiledQuery.raw(this.#statement(rows.length, shared), parameters))
  }

  /** @param shared the number of columns, from the first on, that have one value in all rows */
  #statement(rows: number, shared: number): string {
    const name = `${rows} ${shared}`
    const known = this.#statements.get(name)
    if (known !== undefined) return known
    const columns = [...OFTEN_SHARED, ...OTHERS]
    let last = shared
    const values = Array.from({ length: rows }, () => {
      const parameters = columns.map((_, index) => {
        if (index < shared) return this.#parameter(index + 1, 'repeatedly')
        last += 1
        return this.#parameter(last, 'once')
      })
      return `(${parameters.join(', ')})`
    })
    const made = `insert into audit_event (${columns.join(', ')}) values ${values.join(', ')}`
    this.#statements.set(name, made)
    return made
  }
}

/** Whether two rows have the same text of common columns. To compare columns by a list of names would take longer. */
export const hasSameCommon = (one: EventRow, other: EventRow): boolean =>
  one.changes === other.changes &&
  one.actor === other.actor &&
  one.tenant === other.tenant &&
  one.type === other.type &&
  one.result === other.result &&
  one.reason === other.reason &&
  one.trace_id === other.trace_id

function countShared(rows: readonly EventRow[], first: EventRow): number {
  if (rows.every((row) => row.chain === first.chain && hasSameCommon(row, first))) return OFTEN_SHARED.length
  const different = OFTEN_SHARED.findIndex((column) => rows.some((row) => row[column] !== first[column]))
  return different === -1 ? OFTEN_SHARED.length : different
}
