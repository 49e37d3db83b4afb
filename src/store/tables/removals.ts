import { type Kysely, sql } from 'kysely'
import { beginningOf, CHECKPOINTS, extend, extendCheckpoints, type Head } from '../../audit/proof/chain.ts'
import type { Seal } from '../../audit/proof/keys.ts'
import { type Removal, removalText } from '../../audit/proof/statements.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { fromRemoval, toChain, toRemoval } from './proof-rows.ts'
import type { Row } from './rows.ts'

/** The reason of a removal. */
export interface Cause {
  readonly cause: 'time' | 'count'
  /** For `time`, the time before which events are removed; for `count`, that of the last one. Milliseconds. */
  readonly at: number
}

/** A row to be removed, with the head of its chain that follows from the previous one. */
interface Link {
  readonly place: number
  /** The stored hash. A checkpoint has none, but names that of the one before. */
  readonly hash?: string
  readonly follows: (previous: Head) => Head
}

/** Consecutive places of one chain. */
type Range = Pick<Removal, 'first' | 'last' | 'hash'> & { readonly fits: boolean }

/**
 * Removes rows of the log, and records the ranges of places in the same transaction. A range is signed if its rows fit the chain.
 * So nobody can make a row look old, and have it removed, without a trace.
 */
export class Removals {
  seal: Seal | undefined

  async removeEvents(trx: Kysely<Schema>, rows: readonly Row<'audit_event'>[], cause: Cause): Promise<number> {
    for (const [chain, some] of Map.groupBy(rows, (row) => row.chain)) {
      if (chain === null) continue
      const links = some.map((row): Link => {
        const { place, hash } = row
        return { place: place ?? 0, hash: hash ?? '', follows: (previous) => extend(previous, row) }
      })
      const before = (first: number) => eventBefore(trx, chain, first, some)
      await this.#record(trx, chain, links, before, cause)
    }
    for (const part of inParts(rows.map(({ seq }) => seq)))
      await trx.deleteFrom('audit_event').where('seq', 'in', part).execute()
    return rows.length
  }

  async removeCheckpoints(
    trx: Kysely<Schema>,
    rows: readonly Row<'audit_checkpoint'>[],
    cause: Cause,
  ): Promise<number> {
    const links = rows.map(
      (row): Link => ({ place: row.number, follows: (previous) => extendCheckpoints(previous, row) }),
    )
    await this.#record(trx, CHECKPOINTS, links, async () => undefined, cause)
    const numbers = rows.map(({ number }) => number)
    if (numbers.length > 0) await trx.deleteFrom('audit_checkpoint').where('number', 'in', numbers).execute()
    return rows.length
  }

  async #record(
    trx: Kysely<Schema>,
    id: number,
    links: readonly Link[],
    before: (first: number) => Promise<string | undefined>,
    { cause, at }: Cause,
  ): Promise<void> {
    const row = await trx.selectFrom('audit_chain').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined) return
    const beginning = beginningOf(toChain(row))
    const known = (await trx.selectFrom('audit_removal').selectAll().where('chain', '=', id).execute()).map(toRemoval)
    const hashBefore = async (first: number) =>
      first === 1 ? beginning : (known.find(({ last }) => last === first - 1)?.hash ?? (await before(first)))
    for (const range of await rangesOf(id, links, hashBefore)) {
      const merged = range.fits ? this.#merge(range, known, beginning) : range
      const { first, last, hash } = merged
      const content = { chain: id, first, last, hash, cause, at: Math.floor(at) }
      const signature = range.fits ? this.seal?.sign(removalText(content, beginning)) : undefined
      const removal = { ...content, kid: signature && this.seal?.kid, signature }
      const replaced = known.filter((one) => one.first >= first && one.last <= last)
      for (const one of replaced) known.splice(known.indexOf(one), 1)
      known.push(removal)
      await trx
        .deleteFrom('audit_removal')
        .where('chain', '=', id)
        .where('first', '>=', first)
        .where('last', '<=', last)
        .execute()
      await trx
        .insertInto('audit_removal')
        .values(fromRemoval(removal))
        .onConflict((conflict) => conflict.columns(['chain', 'first']).doNothing())
        .execute()
    }
  }

  /** Joins a range with those beside it that are signed, since the new signature vouches for them. */
  #merge(range: Range, known: readonly Removal[], beginning: string): Range {
    const isSigned = ({ kid, signature, ...content }: Removal): boolean =>
      kid !== undefined &&
      signature !== undefined &&
      this.seal?.isSigned(removalText(content, beginning), kid, signature) === true
    const older = known.find(({ last }) => last === range.first - 1)
    const younger = known.find(({ first }) => first === range.last + 1)
    const first = older !== undefined && isSigned(older) ? older.first : range.first
    const end = younger !== undefined && isSigned(younger) ? younger : range
    return { ...range, first, last: end.last, hash: end.hash }
  }
}

/** Locks the removals until the transaction ends, so that two processes don't remove the same rows. */
export const lockRemovals = (trx: Kysely<Schema>): Promise<unknown> =>
  trx.updateTable('audit_chain').set({ place: sql`place` }).where('id', '=', CHECKPOINTS).execute()

/** The ranges of rows, in the order of their places. A range ends where a place is missing, and where a row does not fit. */
async function rangesOf(
  chain: number,
  links: readonly Link[],
  hashBefore: (first: number) => Promise<string | undefined>,
): Promise<readonly Range[]> {
  const ranges: Range[] = []
  let last: Head | undefined
  for (const { place, hash, follows } of links.toSorted((one, other) => one.place - other.place)) {
    if (last?.place !== place - 1) {
      const before = await hashBefore(place)
      last = before === undefined ? undefined : { chain, place: place - 1, hash: before }
    }
    const next = last && follows(last)
    const fits = next !== undefined && next.hash === (hash ?? next.hash)
    last = { chain, place, hash: hash ?? next?.hash ?? '' }
    const range = ranges.at(-1)
    if (range !== undefined && range.last === place - 1 && range.fits === fits)
      ranges.splice(-1, 1, { ...range, last: place, hash: last.hash })
    else ranges.push({ first: place, last: place, hash: last.hash, fits })
  }
  return ranges
}

/** The hash of the event before a place, which has mostly the nearest lower number; undefined if it is missing. */
async function eventBefore(
  trx: Kysely<Schema>,
  chain: number,
  first: number,
  rows: readonly Row<'audit_event'>[],
): Promise<string | undefined> {
  const seq = rows.find(({ place }) => place === first)?.seq ?? 0
  const found = await trx
    .selectFrom('audit_event')
    .select(['place', 'hash'])
    .where('seq', '<', seq)
    .where('chain', '=', chain)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return found?.place === first - 1 ? (found.hash ?? undefined) : undefined
}
