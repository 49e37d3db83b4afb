import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_TENANT, TenantId } from '../../src/oauth/ids.ts'
import { cleanUp } from '../../src/platform/clean-up.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { fromSession } from '../../src/store/tables/account-rows.ts'
import { announce, CHANGES_KEPT } from '../../src/store/tables/changes.ts'
import { createStore, type Store } from '../../src/store/tables/sql-store.ts'
import { clockAt } from '../harness/clock.ts'
import { countTurns } from '../harness/turns.ts'
import { session } from './administrators.ts'
import { DAY } from './contract.ts'

/** A kind of rows that clean-up removes. */
interface Kind {
  /** Adds rows in this order. Each is due just before its time. */
  fill(db: Database, times: readonly number[]): Promise<void>
  prune(store: Store, time: number, most: number): Promise<number>
  /** The times of the remaining rows. */
  left(db: Database): Promise<readonly number[]>
}

type Prunes<Part> = Extract<keyof Part, `prune${string}`>

/** One entry for every method of a store that begins with `prune`. A missing one is a compile error. */
type Kinds = {
  readonly [Name in keyof Store as Prunes<Store[Name]> extends never ? never : Name]: {
    readonly [Method in Prunes<Store[Name]>]: Kind
  }
}

const ROWS_IN_STATEMENT = 500

async function inParts<Row>(rows: readonly Row[], insert: (rows: readonly Row[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_IN_STATEMENT)
    await insert(rows.slice(from, from + ROWS_IN_STATEMENT))
}

let made = 0
const newId = (): Buffer => {
  const id = Buffer.alloc(16)
  id.writeUInt32BE(made++)
  return id
}

const kinds: Kinds = {
  audit: {
    pruneBefore: {
      fill: ({ unhurried }, times) => {
        const event = { tenant: DEFAULT_TENANT, type: 'token.issue', result: 'success', request_id: 'r', detail: '{}' }
        const rows = times.map((at) => ({ ...event, at }))
        return inParts(rows, (some) => unhurried.insertInto('audit_event').values(some).execute())
      },
      prune: ({ audit }, time, most) => audit.pruneBefore(time, most),
      left: async ({ scans }) => (await scans.selectFrom('audit_event').select('at').execute()).map(({ at }) => at),
    },
  },
  keys: {
    pruneConsumers: {
      fill: ({ unhurried }, times) => {
        const rows = times.map((time) => ({
          tenant: DEFAULT_TENANT,
          address: `a${++made}`,
          user_agent: '',
          first_seen: time,
          last_seen: time,
          fetches: 1,
        }))
        return inParts(rows, (some) => unhurried.insertInto('key_consumer').values(some).execute())
      },
      prune: ({ keys }, before, most) => keys.pruneConsumers({ before, keep: 1_000_000 }, most),
      left: async ({ scans }) =>
        (await scans.selectFrom('key_consumer').select('last_seen').execute()).map(({ last_seen }) => last_seen),
    },
  },
  idempotency: {
    prune: {
      fill: ({ unhurried }, times) => {
        const rows = times.map((time) => ({
          tenant: DEFAULT_TENANT,
          id: `i${++made}`,
          request: 'r',
          answer: null,
          expires_at: time,
        }))
        return inParts(rows, (some) => unhurried.insertInto('idempotency_key').values(some).execute())
      },
      prune: ({ idempotency }, time, most) => idempotency.prune(time, most),
      left: async ({ scans }) =>
        (await scans.selectFrom('idempotency_key').select('expires_at').execute()).map(({ expires_at }) => expires_at),
    },
  },
  replay: {
    pruneMarks: {
      fill: ({ unhurried }, times) => {
        const rows = times.map((expires_at) => ({ tenant: DEFAULT_TENANT, id: newId(), expires_at }))
        return inParts(rows, (some) => unhurried.insertInto('replay_mark').values(some).execute())
      },
      prune: ({ replay }, time, most) => replay.pruneMarks(time, most),
      left: async ({ scans }) =>
        (await scans.selectFrom('replay_mark').select('expires_at').execute()).map(({ expires_at }) => expires_at),
    },
  },
  revocations: {
    pruneRevocations: {
      fill: ({ unhurried }, times) => {
        const rows = times.map((expires_at) => ({
          tenant: DEFAULT_TENANT,
          seq: ++made,
          kind: 'token',
          id: `t${made}`,
          expires_at,
        }))
        return inParts(rows, (some) => unhurried.insertInto('revocation').values(some).execute())
      },
      prune: ({ revocations }, time, most) => revocations.pruneRevocations(time, most),
      left: async ({ scans }) =>
        (await scans.selectFrom('revocation').select('expires_at').execute()).map(({ expires_at }) => expires_at),
    },
  },
  sessions: {
    pruneSessions: {
      fill: ({ unhurried }, times) => {
        const rows = times.map((expires_at) => ({
          ...fromSession(DEFAULT_TENANT, 'o', session(`s${++made}`)),
          expires_at,
        }))
        return inParts(rows, (some) => unhurried.insertInto('admin_session').values(some).execute())
      },
      prune: ({ sessions }, now, most) => sessions.pruneSessions({ now, idleSince: Number.MIN_SAFE_INTEGER }, most),
      left: async ({ scans }) =>
        (await scans.selectFrom('admin_session').select('expires_at').execute()).map(({ expires_at }) => expires_at),
    },
    pruneRequests: {
      fill: ({ unhurried }, times) => {
        const rows = times.map((expires_at) => ({
          tenant: DEFAULT_TENANT,
          device_hash: `d${++made}`,
          user_hash: `u${made}`,
          network: '::/48',
          remote_address: '::1',
          expires_at,
        }))
        return inParts(rows, (some) => unhurried.insertInto('device_request').values(some).execute())
      },
      prune: ({ sessions }, now, most) => sessions.pruneRequests(now, most),
      left: async ({ scans }) =>
        (await scans.selectFrom('device_request').select('expires_at').execute()).map(({ expires_at }) => expires_at),
    },
  },
  usage: {
    pruneUsage: {
      fill: ({ unhurried }, times) => {
        const row = { tenant: DEFAULT_TENANT, resolution: 'hour', audience: '', credential_id: '', outcome: 'issued' }
        const rows = times.map((at) => ({ ...row, client_id: `c${++made}`, at, count: 1, token_seconds: 1 }))
        return inParts(rows, (some) => unhurried.insertInto('usage').values(some).execute())
      },
      prune: ({ usage }, time, most) => usage.pruneUsage('hour', time, most),
      left: async ({ scans }) => (await scans.selectFrom('usage').select('at').execute()).map(({ at }) => at),
    },
  },
}

/** The tables of these rows. */
export const TABLES = [
  'admin_session',
  'audit_event',
  'device_request',
  'idempotency_key',
  'key_consumer',
  'replay_mark',
  'revocation',
  'usage',
] as const

const every = Object.values(kinds).flatMap((methods) => Object.entries<Kind>(methods))

const NOW = 20_000 * DAY
const AHEAD = NOW + 3_650 * DAY
const some = (count: number, time: number | ((index: number) => number)): number[] =>
  Array.from({ length: count }, (_, index) => (typeof time === 'number' ? time : time(index)))

/** Orders of rows, as wrong clocks leave them. */
const orders: Readonly<Record<string, readonly number[]>> = {
  'in the right order': [...some(1_500, NOW - DAY), ...some(100, NOW + DAY)],
  'one dated ahead, before all others': [AHEAD, ...some(1_500, NOW - DAY)],
  'thousands dated ahead, before all others': [...some(2_500, AHEAD), ...some(1_500, NOW - DAY), AHEAD],
  'every other one dated ahead': some(3_000, (index) => (index % 2 === 0 ? AHEAD : NOW - DAY)),
  'old ones after young ones': [...some(2_500, NOW + 1), ...some(1_200, NOW - DAY)],
  'from newest to oldest': some(2_000, (index) => NOW + 1 + 2 * (1_000 - index)),
  'before the epoch, at it, and in the far future': [
    ...some(10, -1_000 * DAY),
    0,
    -1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    ...some(10, NOW - 1),
  ],
  'none that is due': some(1_200, AHEAD),
  none: [],
}

/**
 * Requires that clean-up removes exactly the rows that are due, in whatever order they stand. @param create opens the
 * same database each time
 */
export function cleanUpContract(
  name: string,
  create: () => Promise<{
    open(clock: Clock): Promise<Database>
    /** Removes all rows of {@link TABLES} at once: every later statement would pass over rows that were deleted one by one. */
    empty(db: Database): Promise<unknown>
    /** Counts the rows for the planner, as a product does by itself after a while. */
    analyze(db: Database): Promise<unknown>
    destroy(): Promise<void>
  }>,
) {
  describe(`clean-up on ${name}`, () => {
    const clock = clockAt(NOW)
    let database: Awaited<ReturnType<typeof create>>
    let db: Database
    let store: Store
    beforeAll(async () => {
      database = await create()
      db = await database.open(clock)
      store = createStore(db, clock)
    })
    afterAll(async () => {
      await db.close()
      await database.destroy()
    })

    const fill = async (kind: Kind, times: readonly number[]) => {
      await kind.fill(db, times)
      await database.analyze(db)
    }

    for (const [method, kind] of every) {
      test.each(Object.entries(orders))(`${method} removes all due rows in one go: %s`, async (_, times) => {
        await database.empty(db)
        await fill(kind, times)
        const pruning = createStore(db, clock)
        await cleanUp(async (most) => {
          const removed = await kind.prune(pruning, NOW, most)
          expect(removed).toBeLessThanOrEqual(most)
          return removed
        })
        const sorted = (list: readonly number[]) => list.toSorted((one, other) => one - other)
        expect(sorted(await kind.left(db))).toEqual(sorted(times.filter((time) => time >= NOW)))
      })

      test(`${method} resumes where it stopped, as time passes and rows are added`, async () => {
        await database.empty(db)
        const pruning = createStore(db, clock)
        await fill(kind, some(1_500, AHEAD))
        for (let day = 0; day < 4; day += 1) {
          await fill(kind, some(700, NOW + day * DAY))
          await fill(kind, some(3, AHEAD + day))
          await cleanUp((most) => kind.prune(pruning, NOW + day * DAY - 1, most))
          const left = await kind.left(db)
          expect(left.filter((time) => time < AHEAD)).toEqual(some(700, NOW + day * DAY))
          expect(left.filter((time) => time >= AHEAD)).toHaveLength(1_500 + 3 * (day + 1))
        }
      })

      test(`${method} lets requests run between any two steps`, async () => {
        await database.empty(db)
        await fill(kind, some(5_000, NOW - DAY))
        let steps = 0
        const end = countTurns()
        await cleanUp((most) => {
          steps += 1
          return kind.prune(store, NOW, most)
        })
        expect(end()).toBeGreaterThanOrEqual(steps - 1)
        expect(steps).toBeGreaterThanOrEqual(5)
        expect(await kind.left(db)).toEqual([])
      })
    }

    test('changes are pruned by their numbers, whatever the clocks say', async () => {
      const change = (id: number) => ({ kind: 'client', id: String(id) }) as const
      const times = [NOW, AHEAD, 0, NOW - 100 * DAY, NOW + DAY]
      const add = (count: number, at: number) =>
        db.unhurried
          .transaction()
          .execute((trx) =>
            announce(
              trx,
              DEFAULT_TENANT,
              { now: () => at, monotonic: () => 0 },
              some(count, (index) => index).map(change),
            ),
          )
      const listed = async () => {
        const { rows } = await db.scans
          .selectFrom('change')
          .select(({ fn }) => fn.countAll<number>().as('rows'))
          .where('tenant', '=', DEFAULT_TENANT)
          .executeTakeFirstOrThrow()
        return Number(rows)
      }
      const other = TenantId('other')
      await db.unhurried
        .transaction()
        .execute((trx) => announce(trx, other, { now: () => NOW, monotonic: () => 0 }, [change(1)]))
      await add(1, AHEAD)
      const first = await store.changes.latestChange()
      for (const at of times) await add(CHANGES_KEPT / 5, at)
      expect(await listed()).toBe(CHANGES_KEPT)
      expect(await store.changes.changesSince(first)).toMatchObject({
        missed: false,
        changes: { length: CHANGES_KEPT },
      })
      await add(1, 0)
      expect(await listed()).toBe(CHANGES_KEPT)
      expect(await store.changes.changesSince(first)).toMatchObject({ missed: true })
      // Each tenant has a list of its own.
      expect(await store.of(other).changes.changesSince(0)).toMatchObject({ missed: false, changes: [change(1)] })

      // Earlier versions pruned by time and could leave such a gap. A missing change counts, wherever it stood.
      const latest = await store.changes.latestChange()
      await db.unhurried
        .deleteFrom('change')
        .where('tenant', '=', DEFAULT_TENANT)
        .where('seq', '=', latest - 1)
        .execute()
      expect(await store.changes.changesSince(latest - 3)).toMatchObject({ missed: true })
      expect(await store.changes.changesSince(latest - 1)).toMatchObject({ missed: false })

      // From a list that is far too long, each change removes a few rows.
      await inParts(
        some(5_000, (index) => index - 10_000),
        (seqs) =>
          db.unhurried
            .insertInto('change')
            .values(seqs.map((seq) => ({ tenant: DEFAULT_TENANT, seq, ...change(seq), at: AHEAD })))
            .execute(),
      )
      const before = await listed()
      await add(1, NOW)
      expect(before - (await listed())).toBeGreaterThan(500)
      expect(before - (await listed())).toBeLessThanOrEqual(1_001)
    })
  })
}
