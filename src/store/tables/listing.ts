import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Place } from '../../model/fleet/page.ts'
import type { Count } from '../../model/group.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Schema } from '../sql/schema.ts'
import { MOST_COUNTED } from './counting.ts'

/** A filter that so few rows fit is applied first, and its rows are sorted. Otherwise rows are read in the order of the sort. */
const FEW = 10_000
/** The rows that are read at a time in the order of the sort. Requests are handled between. */
const WINDOW = 10_000
/** The windows for one page, and for one count. */
const WINDOWS = { page: 4, count: 20 } as const

/** A column of a list, and the value that stands for none. */
export interface Column {
  readonly name: string
  readonly empty: '' | 0
}

/** One filter. */
export interface Condition {
  /** The column of which it limits the range; undefined if it is none, or several. */
  readonly column?: string
  /** The condition, in a form for an index. Undefined if no index serves it. */
  readonly seek?: RawBuilder<boolean>
  /** The same condition, in a form that no index serves, so that the sort decides the index. */
  readonly check: RawBuilder<boolean>
  /** Instead of `seek`: a subquery of the ids that fit, as `found_id`, each once. It is read before the table. */
  readonly found?: RawBuilder<unknown>
  /** Subqueries of the rows that fit, whose numbers add up to that of the rows at least. */
  readonly sources?: readonly RawBuilder<unknown>[]
}

/** A table that is listed. */
export interface Listed {
  readonly table: string
  readonly id: string
}

export interface ListedRow {
  readonly id: string
  readonly value: string | number
}

interface ListQuery {
  readonly conditions: readonly Condition[]
  readonly sort: Column
  readonly isDescending: boolean
  readonly after: Place | undefined
  readonly most: number
}

/** The way in which rows are read. */
interface Reading {
  readonly form: Form
  readonly most: number
  readonly skipped?: number
  readonly found?: RawBuilder<unknown> | undefined
}

const toList = <Thing>(thing: Thing | undefined): readonly Thing[] => (thing === undefined ? [] : [thing])

/** Lists and counts the rows of a tenant, so that no page and no count takes more than a bounded amount of work. */
export class Listing {
  readonly #db: Kysely<Schema>
  readonly #tenant: TenantId
  readonly #listed: Listed

  constructor(db: Kysely<Schema>, tenant: TenantId, listed: Listed) {
    this.#db = db
    this.#tenant = tenant
    this.#listed = listed
  }

  /** A condition on one column that has an index. @param build makes the condition of the column, or of an expression of it */
  on({ name, empty }: Column, build: (operand: RawBuilder<unknown>) => RawBuilder<boolean>): Condition {
    const seek = build(sql.ref(name))
    return {
      column: name,
      seek,
      check: build(sql`coalesce(${sql.ref(name)}, ${sql.lit(empty)})`),
      sources: [this.#ids(seek)],
    }
  }

  /** The ids of the rows that fit a condition, as a subquery. */
  #ids(seek: RawBuilder<unknown>): RawBuilder<unknown> {
    const { table, id } = this.#listed
    return sql`select ${sql.ref(id)} as "found_id" from ${sql.table(table)} where "tenant" = ${this.#tenant} and ${seek}`
  }

  /** A condition that one of several makes true. */
  any(conditions: readonly Condition[]): Condition {
    const sources = conditions.flatMap((one) => one.sources ?? [])
    return {
      found: sql.join(sources, sql` union `),
      check: sql`(${sql.join(
        conditions.map(({ check }) => check),
        sql` or `,
      )})`,
      sources,
    }
  }

  async list<Row extends ListedRow>(
    query: ListQuery,
  ): Promise<{ readonly rows: readonly Row[]; readonly next: Place | undefined }> {
    const { conditions, sort, most } = query
    const isOfSort = ({ column }: Condition) => column === sort.name
    const driver = conditions.every(isOfSort) ? undefined : await this.#smallest(conditions)
    if (driver !== undefined) {
      const others = conditions.filter((one) => one !== driver).map(({ check }) => check)
      const wanted = [...toList(driver.seek), ...others, ...this.#behind(query, query.after, unindexed)]
      return cut(await this.#select<Row>(query, wanted, { form: unindexed, most: most + 1, found: driver.found }), most)
    }
    const ofSort = conditions.filter(isOfSort).flatMap(({ seek }) => seek ?? [])
    const checks = conditions.filter((one) => !isOfSort(one)).map(({ check }) => check)
    const rows: Row[] = []
    let { after } = query
    for (let window = 0; window < WINDOWS.page; window += 1) {
      const end = checks.length === 0 ? undefined : await this.#placeAfter(query, after, ofSort)
      const upTo = end === undefined ? [] : [this.#compare(query, end, indexed, query.isDescending ? sql`>=` : sql`<=`)]
      const wanted = [...ofSort, ...this.#behind(query, after, indexed), ...upTo, ...checks]
      rows.push(...(await this.#select<Row>(query, wanted, { form: indexed, most: most + 1 - rows.length })))
      if (end === undefined || rows.length > most) return cut(rows, most)
      after = end
      await nextTurn()
    }
    return { rows, next: after }
  }

  async count(conditions: readonly Condition[]): Promise<Count> {
    const driver = await this.#smallest(conditions)
    const { id } = this.#listed
    const sort = { name: id, empty: '' } as const
    const query = { conditions, sort, isDescending: false, after: undefined, most: MOST_COUNTED }
    if (driver !== undefined) {
      const checks = conditions.filter((one) => one !== driver).map(({ check }) => check)
      return exact(await this.#size(this.#matching([...toList(driver.seek), ...checks], driver.found)))
    }
    if (conditions.length === 0) return exact(await this.#size(this.#matching([])))
    const [only, another] = conditions
    // It is known to fit more than are counted.
    if (only?.sources !== undefined && another === undefined) return { count: MOST_COUNTED, isMore: true }
    const checks = conditions.map(({ check }) => check)
    let count = 0
    let after: Place | undefined
    for (let window = 0; window < WINDOWS.count; window += 1) {
      const end = await this.#placeAfter(query, after, [])
      const upTo = end === undefined ? [] : [this.#compare(query, end, indexed, sql`<=`)]
      count += await this.#size(this.#matching([...this.#behind(query, after, indexed), ...upTo, ...checks]))
      if (end === undefined || count > MOST_COUNTED) return exact(count)
      after = end
      await nextTurn()
    }
    return { count, isMore: true }
  }

  /** The condition that the fewest rows fit; undefined if more than `FEW` fit each. */
  async #smallest(conditions: readonly Condition[]): Promise<Condition | undefined> {
    let smallest: Condition | undefined
    let least = FEW
    for (const condition of conditions) {
      if (condition.sources === undefined) continue
      let size = 0
      for (const source of condition.sources) size += await this.#size(source)
      if (size > least) continue
      least = size
      smallest = condition
      if (size === 0) break
    }
    return smallest
  }

  /** The number of rows of a subquery, or `MOST_COUNTED + 1` if there are more. */
  async #size(source: RawBuilder<unknown>): Promise<number> {
    const counted = sql<{
      count: number | string
    }>`select count(*) as count from (${source} limit ${sql.lit(MOST_COUNTED + 1)}) as counted`
    const { rows } = await counted.execute(this.#db)
    return Number(rows[0]?.count ?? 0)
  }

  /** The place of the row that is `WINDOW` rows further on; undefined if there are fewer. */
  async #placeAfter(
    query: ListQuery,
    after: Place | undefined,
    ofSort: readonly RawBuilder<unknown>[],
  ): Promise<Place | undefined> {
    const wanted = [...ofSort, ...this.#behind(query, after, indexed)]
    const [row] = await this.#select(query, wanted, { form: indexed, most: 1, skipped: WINDOW - 1 })
    return row && { value: row.value, id: row.id }
  }

  async #select<Row extends ListedRow>(
    { sort, isDescending }: ListQuery,
    conditions: readonly RawBuilder<unknown>[],
    { form, most, skipped = 0, found }: Reading,
  ): Promise<readonly Row[]> {
    const direction = isDescending ? sql`desc` : sql`asc`
    const order = sql.join(this.#keys(sort, form).map((key) => sql`${key} ${direction}`))
    const columns = sql`${sql.ref(this.#listed.id)} as id, ${sql.ref(sort.name)} as value`
    const query = sql<Row>`select ${columns} from ${this.#where(conditions, found)} order by ${order} limit ${sql.lit(most)} offset ${sql.lit(skipped)}`
    return (await query.execute(this.#db)).rows
  }

  #matching(conditions: readonly RawBuilder<unknown>[], found?: RawBuilder<unknown>): RawBuilder<unknown> {
    return sql`select 1 as one from ${this.#where(conditions, found)}`
  }

  /** The rows of the tenant that fit. With `found`, SQLite reads its ids first, since it never reorders a cross join (https://sqlite.org/optoverview.html). */
  #where(conditions: readonly RawBuilder<unknown>[], found: RawBuilder<unknown> | undefined): RawBuilder<unknown> {
    const { table, id } = this.#listed
    const rows = found === undefined ? sql.table(table) : sql`(${found}) as "found" cross join ${sql.table(table)}`
    const joined = found === undefined ? [] : [sql`${sql.ref(id)} = "found_id"`]
    const wanted = [...joined, ...conditions].map((one) => sql`(${one})`)
    return sql`${rows} where ${sql.join([sql`"tenant" = ${this.#tenant}`, ...wanted], sql` and `)}`
  }

  #behind(query: ListQuery, place: Place | undefined, form: Form): readonly RawBuilder<unknown>[] {
    return place === undefined ? [] : [this.#compare(query, place, form, query.isDescending ? sql`<` : sql`>`)]
  }

  #compare({ sort }: ListQuery, { value, id }: Place, form: Form, than: RawBuilder<unknown>): RawBuilder<unknown> {
    const keys = this.#keys(sort, form)
    return keys.length === 1 ? sql`${keys[0]} ${than} ${id}` : sql`(${sql.join(keys)}) ${than} (${value}, ${id})`
  }

  #keys(sort: Column, form: Form): readonly RawBuilder<unknown>[] {
    const { id } = this.#listed
    const own: Column = { name: id, empty: '' }
    return sort.name === id ? [form(own)] : [form(sort), form(own)]
  }
}

/** The form of a column in conditions and orders. */
type Form = (column: Column) => RawBuilder<unknown>

const indexed: Form = ({ name }) => sql.ref(name)
/** A form that no index serves. */
const unindexed: Form = ({ name, empty }) => sql`coalesce(${sql.ref(name)}, ${sql.lit(empty)})`

function cut<Row extends ListedRow>(rows: readonly Row[], most: number) {
  const last = rows.length > most ? rows[most - 1] : undefined
  return { rows: rows.slice(0, most), next: last && { value: last.value, id: last.id } }
}

const exact = (count: number): Count => ({ count: Math.min(count, MOST_COUNTED), isMore: count > MOST_COUNTED })
