import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Actor, SYSTEM } from '../../src/audit/actor.ts'
import { actorName } from '../../src/audit/actor-name.ts'
import type { EventFilter, EventPlace } from '../../src/audit/query.ts'
import type { AuditTrail, StoredAuditEvent } from '../../src/audit/store.ts'
import type { Client } from '../../src/model/client.ts'
import { DEFAULT_TENANT, TenantId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { EventIndex } from '../../src/store/tables/event-index.ts'
import { fromAuditEvent, toAuditEvent } from '../../src/store/tables/event-rows.ts'
import { SEGMENT } from '../../src/store/tables/event-segments.ts'
import { lastEvent } from '../../src/store/tables/last-event.ts'
import { createStore } from '../../src/store/tables/sql-store.ts'
import { client, DAY, event } from './contract.ts'

interface OpenedDatabase {
  readonly db: Database
  destroy(): Promise<void>
}

const START = 1_000 * DAY
const EVENTS = 3 * SEGMENT + 500
/** Events lie this far apart, so that the log has several segments and the test few events. */
const STEP = 47
/** The time at which `c5` was created anew. It is that of one of its events. */
const AGAIN = START + 705_000
const OTHER = TenantId('other')
const operator: Actor = { kind: 'operator', user: 'ann', host: 'h', way: 'command' }
const idAt = (time: number) => uuidv7({ now: () => time, monotonic: () => 0 }, systemRandom)
const once = { requestId: idAt(START + 77 * 1_000), late: idAt(START + 345_000) }

/** The n-th event of a log in which every property is frequent, rare, and absent somewhere. */
function eventAt(n: number) {
  const at = START + n * 1_000
  const base = { ...event(n === 77 ? once.requestId : idAt(at), at), clientId: `c${n % 7}` }
  const detail = { credential: `k${n % 7}`, audience: n % 5 === 0 ? ['https://a', 'https://b'] : 'https://a' }
  if (n % 101 === 0) return { ...base, detail, type: 'client.change' as const, actor: n % 2 ? SYSTEM : operator }
  if (n % 50 === 3)
    return { ...base, result: 'refused' as const, reason: n % 250 === 3 ? 'rare_reason' : 'wrong_secret', detail: {} }
  // A clock that was set back for a while.
  if (n > 300 && n < 320) return { ...base, at: at - 5 * DAY, detail }
  if (n === 400)
    return { ...base, result: 'refused' as const, reason: 'wrong_secret', detail: { gathered: [once.late, 'x'] } }
  if (n === 500) return { ...base, clientId: 'once', detail: { audience: 'https://once', credential: "o'n%ce_\\" } }
  if (n === 600)
    return {
      ...base,
      clientId: undefined,
      type: 'manifest.apply' as const,
      actor: operator,
      detail: {},
      changes: { things: [{ thing: 'credential' as const, id: 'k1', before: null, after: {} }], others: 0 },
    }
  // Strangers send any character as the id of a client.
  if (n === 700) return { ...base, clientId: 'a\0b', result: 'refused' as const, reason: 'unknown_client', detail: {} }
  return { ...base, detail, traceId: n % 333 === 1 ? 'a'.repeat(32) : undefined }
}

const filters: readonly [string, EventFilter, (event: StoredAuditEvent) => boolean][] = [
  ['nothing', {}, () => true],
  ['a client', { clientIds: ['c3'] }, ({ clientId }) => clientId === 'c3'],
  ['clients', { clientIds: ['c3', 'once', 'none'] }, ({ clientId }) => clientId === 'c3' || clientId === 'once'],
  ['a client with one event', { clientIds: ['once'] }, ({ clientId }) => clientId === 'once'],
  ['a client with U+0000', { clientIds: ['a\0b'] }, ({ reason }) => reason === 'unknown_client'],
  ['the same, as it is stored', { clientIds: ['a\ufffdb'] }, ({ reason }) => reason === 'unknown_client'],
  [
    'a reason of a client with U+0000',
    { reasons: ['unknown_client'], clientIds: ['a\0b'] },
    ({ reason }) => reason === 'unknown_client',
  ],
  ['a client without events', { clientIds: ['none'] }, () => false],
  ['no client', { clientIds: [] }, () => false],
  ['a type', { types: ['client.change'] }, ({ type }) => type === 'client.change'],
  [
    'types',
    { types: ['client.change', 'token.issue'] },
    ({ type }) => type === 'client.change' || type === 'token.issue',
  ],
  ['a type that never occurs', { types: ['key.change'] }, () => false],
  ['refusals', { result: 'refused' }, ({ result }) => result === 'refused'],
  ['successes', { result: 'success' }, ({ result }) => result === 'success'],
  ['a reason', { reasons: ['rare_reason'] }, ({ reason }) => reason === 'rare_reason'],
  [
    'a reason of a client',
    { reasons: ['wrong_secret'], clientIds: ['c3'] },
    ({ reason, clientId }) => reason === 'wrong_secret' && clientId === 'c3',
  ],
  [
    'a type of a client',
    { types: ['client.change'], clientIds: ['c3', 'c4'] },
    ({ type, clientId }) => type === 'client.change' && (clientId === 'c3' || clientId === 'c4'),
  ],
  ['an actor', { actor: 'ann' }, ({ actor }) => actor !== undefined && actorName(actor) === 'ann'],
  ['the schedule', { actor: 'system' }, ({ actor }) => actor !== undefined && actorName(actor) === 'system'],
  ['a part of a name', { actor: 'an' }, () => false],
  [
    'a credential with a client',
    { credential: 'k1' },
    ({ detail, changes }) => detail['credential'] === 'k1' || changes !== undefined,
  ],
  ['a credential that is gone', { credential: "o'n%ce_\\" }, ({ clientId }) => clientId === 'once'],
  ['a pattern', { credential: 'k%' }, () => false],
  ['an API', { audience: 'https://b' }, ({ detail }) => Array.isArray(detail['audience'])],
  ['an API that is used once', { audience: 'https://once' }, ({ clientId }) => clientId === 'once'],
  ['a request', { requestId: once.requestId }, ({ requestId }) => requestId === once.requestId],
  ['a request that is in another event', { requestId: once.late }, ({ detail }) => 'gathered' in detail],
  ['no request', { requestId: 'what is this' }, () => false],
  ['a trace', { traceId: 'a'.repeat(32) }, ({ traceId }) => traceId !== undefined],
  ['no trace', { traceId: 'b'.repeat(32) }, () => false],
  ['a value that is too long', { credential: 'x'.repeat(5_000) }, () => false],
  [
    'a time',
    { since: START + 200_000, until: START + 700_000 },
    ({ at }) => at >= START + 200_000 && at < START + 700_000,
  ],
  ['a time before all', { until: START - 6 * DAY }, () => false],
  ['a time that a wrong clock gave', { until: START }, ({ at }) => at < START],
  ['an empty time', { since: START + 5, until: START + 5 }, () => false],
  ['owners', { owners: ['team', 'nobody'] }, ({ clientId }) => clientId === 'c2'],
  ['owners without clients', { owners: ['nobody'] }, () => false],
  ['no owner', { owners: [] }, () => false],
  [
    'owners of a client whose id another had before',
    { owners: ['newcomers'] },
    ({ clientId, at }) => clientId === 'c5' && at >= AGAIN,
  ],
  [
    'owners and clients',
    { owners: ['team'], clientIds: ['c1', 'c2'], result: 'refused' },
    ({ clientId, result }) => clientId === 'c2' && result === 'refused',
  ],
]

/** The search of events, for both databases, with any part of the log indexed. */
export function eventSearchContract(name: string, open: () => Promise<OpenedDatabase>) {
  describe(`the search of events on ${name}`, () => {
    let opened: OpenedDatabase
    let trail: AuditTrail
    let all: readonly StoredAuditEvent[]
    let index: EventIndex
    beforeEach(async () => {
      opened = await open()
      const { db } = opened
      const store = createStore(db, systemClock)
      trail = store.audit
      const create = async (at: number, ...clients: readonly Client[]) => {
        const { version } = await store.model.snapshot([])
        await store.model.commit(version, { apis: [], clients, event: event('apply', at) })
      }
      await create(START - 6 * DAY, client('c1'), client('c2', { owner: 'team' }))
      await create(AGAIN, client('c5', { owner: 'newcomers' }))
      await db.logs.deleteFrom('audit_event').execute()
      await db.logs
        .insertInto('credential')
        .values({
          tenant: DEFAULT_TENANT,
          id: 'k1',
          client_id: 'c1',
          kind: 'secret',
          label: '',
          hint: '',
          data: '{}',
          origin: 'manifest',
          created_at: 1,
        })
        .execute()
      for (let n = 0; n * STEP < EVENTS; n += 100) {
        const rows = Array.from({ length: 100 }, (_, more) => n + more)
          .filter((one) => one * STEP < EVENTS)
          .map((one) => ({ ...fromAuditEvent(eventAt(one)), seq: 1_000 + one * STEP }))
        await db.logs
          .insertInto('audit_event')
          .values([...rows, ...rows.slice(0, 3).map((row) => ({ ...row, tenant: OTHER, seq: row.seq + 1 }))])
          .execute()
      }
      all = await readAll()
      index = new EventIndex(db, () => lastEvent(db.scans))
    })
    afterEach(async () => {
      await opened.db.close()
      await opened.destroy()
    })

    /** All events of the tenant, oldest first. */
    const readAll = async () => {
      const rows = await opened.db.scans.selectFrom('audit_event').selectAll().orderBy('seq').execute()
      return rows.filter(({ tenant }) => tenant === DEFAULT_TENANT).map(toAuditEvent)
    }

    /** All events of a filter, by pages. */
    async function walk(filter: EventFilter, limit: number, direction: 'older' | 'newer') {
      const found: StoredAuditEvent[] = []
      let from: EventPlace | undefined = direction === 'older' ? undefined : { after: 0 }
      for (let pages = 0; pages < 1_000; pages += 1) {
        const page = await trail.queryEvents({ ...filter, limit, from })
        expect(page.events.length).toBeLessThanOrEqual(limit)
        if (direction === 'older') {
          found.push(...page.events)
          if (page.older === undefined) return found
          from = page.older
        } else {
          found.unshift(...page.events)
          if (from !== undefined && 'after' in from && page.newer.after === from.after) return found
          from = page.newer
        }
      }
      throw new Error('the pages have no end')
    }

    const check = async () => {
      for (const [what, filter, matches] of filters) {
        const expected = all
          .filter(matches)
          .map(({ seq }) => seq)
          .toReversed()
        for (const direction of ['older', 'newer'] as const) {
          const limit = expected.length > 300 ? 200 : 7
          const found = (await walk(filter, limit, direction)).map(({ seq }) => seq)
          expect(found, `${what}, ${direction}`).toEqual(expected)
        }
        const { clientIds = [], requestId, traceId, owners, ...others } = filter
        if (Object.keys(others).length > 0 || (filter.clientIds !== undefined && clientIds.length !== 1)) continue
        const [clientId] = clientIds
        for (const [limit, after] of [[3], [EVENTS], [EVENTS, expected[5]]] as const) {
          const listed = await trail.listEvents({ limit, after, clientId, requestId, traceId, owners })
          const wanted = expected.filter((seq) => seq > (after ?? 0)).slice(0, limit)
          expect(
            listed.map(({ seq }) => seq),
            `${what}, listed`,
          ).toEqual(wanted.toReversed())
        }
      }
    }

    test('every filter finds the same events in both directions: without an index', check)

    test('… with a part of the log indexed', async () => {
      await index.indexNext()
      await index.indexNext()
      await check()
    })

    test('… with all of it indexed, also by two processes at once', async () => {
      const other = new EventIndex(opened.db, () => lastEvent(opened.db.scans))
      const work = async (one: EventIndex) => {
        while (await one.indexNext());
      }
      await Promise.all([work(index), work(other)])
      expect(await opened.db.scans.selectFrom('audit_segment').select('segment').orderBy('segment').execute()).toEqual(
        [0, 1, 2].map((segment) => ({ segment })),
      )
      await check()
    })

    test('terms of removed events go, and the index stays right', async () => {
      while (await index.indexNext());
      const { logs, scans } = opened.db
      // An event that is dated ahead stays at the beginning.
      await logs
        .deleteFrom('audit_event')
        .where('seq', '>', 1_000)
        .where('seq', '<', 2 * SEGMENT)
        .execute()
      await index.removeEmpty()
      const segments = async () =>
        (await scans.selectFrom('audit_term').select('segment').distinct().orderBy('segment').execute()).map(
          ({ segment }) => segment,
        )
      expect(await segments()).toEqual([0, 2])
      all = await readAll()
      await check()
      await logs
        .deleteFrom('audit_event')
        .where('seq', '<', 2 * SEGMENT)
        .execute()
      await index.removeEmpty()
      expect(await segments()).toEqual([2])
      expect(await scans.selectFrom('audit_segment').select('segment').execute()).toEqual([{ segment: 2 }])
      all = await readAll()
      await check()
    })
  })
}
