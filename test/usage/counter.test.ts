import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Audience, ClientId, CredentialId, TenantId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { StorageUnavailable } from '../../src/platform/storage-unavailable.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { COUNTER_LIMITS, UsageCounter } from '../../src/usage/counter.ts'
import { ALSO_ISSUED, ISSUED, intervalOf, type Resolution, type UsageBatch } from '../../src/usage/store.ts'
import { standingClock } from '../harness/clock.ts'
import { emptyDatabase } from '../harness/empty-database.ts'

const MINUTE = 60_000
const A = ClientId('a')
const API = Audience('https://api.example.com')
const S = CredentialId('s')
const AWAY = new StorageUnavailable(new Error('away'))

/** A store in memory, which fails on demand, and a counter for it. */
function create() {
  const clock = standingClock(1_900_000_000)
  const batches: UsageBatch[] = []
  const state: { error: unknown } = { error: undefined }
  const add = async (batch: UsageBatch) => {
    if (state.error !== undefined) throw state.error
    batches.push(batch)
  }
  const counter = new UsageCounter({ store: { add }, clock, random: systemRandom })
  const issue = ({ credential = 's', at = clock.now() } = {}) =>
    counter.issued(A, CredentialId(credential), API, { lifetime: 60, at })
  return { clock, batches, state, counter, issue, written: () => batches.flatMap(({ counts }) => counts) }
}

describe('the counter of usage', () => {
  test('counts a token once, and once more for each further API', async () => {
    const { counter, written } = create()
    const others = [Audience('https://b'), Audience('https://c')]
    for (const audiences of [API, [API, ...others], API])
      counter.issued(A, S, audiences, { lifetime: 60, at: MINUTE + 1 })
    counter.refused(A, undefined, undefined, { reason: 'wrong_secret', at: MINUTE })
    counter.refused(A, S, API, { reason: 'scope_not_allowed', at: MINUTE })
    await counter.close()
    const common = { clientId: 'a', credentialId: 's', at: MINUTE }
    const expected = [
      { ...common, audience: API, outcome: ISSUED, count: 3, tokenSeconds: 180 },
      ...others.map((audience) => ({ ...common, audience, outcome: ALSO_ISSUED, count: 1, tokenSeconds: 60 })),
      { ...common, credentialId: '', audience: '', outcome: 'wrong_secret', count: 1 },
      { ...common, audience: API, outcome: 'scope_not_allowed', count: 1, tokenSeconds: 0 },
    ]
    expect(written()).toHaveLength(expected.length)
    expect(written()).toEqual(expect.arrayContaining(expected.map((count) => expect.objectContaining(count))))
    expect(counter.counts).toEqual({ entries: 0, written: 5, failedBatches: 0, others: 0, lost: 0 })
  })

  test('writes a few counts after 5 s, many later, and very many at once', async () => {
    const { clock, counter, issue, written } = create()
    await counter.flushIfDue()
    issue()
    clock.advance(4_999)
    await counter.flushIfDue()
    expect(written()).toEqual([])
    clock.advance(1)
    await counter.flushIfDue()
    expect(written()).toHaveLength(1)
    for (let n = 0; n < 2_000; n += 1) issue({ credential: `c${n}` })
    clock.advance(9_999)
    await counter.flushIfDue()
    expect(written()).toHaveLength(1)
    for (let n = 2_000; n < COUNTER_LIMITS.early; n += 1) issue({ credential: `c${n}` })
    const flushed = counter.flushIfDue()
    await counter.close()
    await flushed
    expect(written()).toHaveLength(1 + COUNTER_LIMITS.early)
  })

  test('tries a failed batch again, unchanged, and joins later counts of a minute meanwhile', async () => {
    const { counter, issue, state, batches } = create()
    state.error = AWAY
    issue()
    await expect(counter.flush()).rejects.toThrow(AWAY)
    for (let n = 0; n < 10; n += 1) {
      issue()
      await expect(counter.flush()).rejects.toThrow(AWAY)
    }
    expect(counter.counts).toMatchObject({ entries: 2, written: 0, failedBatches: 11 })
    state.error = undefined
    await counter.close()
    expect(batches.map(({ counts }) => counts.map(({ count }) => count))).toEqual([[1], [10]])
    expect(new Set(batches.map(({ id }) => id.toString('hex'))).size).toBe(2)
    expect(counter.counts).toMatchObject({ entries: 0, written: 11, lost: 0 })
  })

  test('drops a batch that the database refuses, and counts what is lost', async () => {
    const { counter, issue, state, written } = create()
    state.error = new RangeError('refused')
    for (let n = 0; n <= COUNTER_LIMITS.batch; n += 1) issue({ credential: `c${n}` })
    await expect(counter.flush()).rejects.toThrow(RangeError)
    state.error = undefined
    await counter.close()
    expect(written()).toHaveLength(1)
    expect(counter.counts).toMatchObject({ entries: 0, written: 1, lost: COUNTER_LIMITS.batch })
  })

  test('with no room for another entry, counts requests under no client, by API and outcome', async () => {
    const { counter, issue, written } = create()
    for (let n = 0; n < COUNTER_LIMITS.entries; n += 1) issue({ credential: `c${n}` })
    for (let n = 0; n < 5; n += 1) issue({ credential: `late${n}` })
    counter.refused(ClientId('late'), undefined, undefined, { reason: 'wrong_secret', at: 0 })
    issue({ credential: 'c0' })
    expect(counter.counts).toMatchObject({ entries: COUNTER_LIMITS.entries + 2, others: 6, lost: 0 })
    await counter.close()
    expect(written().filter(({ clientId }) => clientId === '')).toMatchObject([
      { credentialId: '', audience: API, outcome: ISSUED, count: 5, tokenSeconds: 300 },
      { credentialId: '', audience: '', outcome: 'wrong_secret', count: 1 },
    ])
    expect(counter.counts).toMatchObject({ entries: 0, written: COUNTER_LIMITS.entries + 7 })
  })

  test('a clock that jumps takes no memory beyond the bounds', async () => {
    const { counter, issue } = create()
    const most = COUNTER_LIMITS.entries + COUNTER_LIMITS.others
    for (let n = 0; n < most + 100; n += 1) issue({ at: (n % 2 === 0 ? n : -n) * 7 * MINUTE })
    expect(counter.counts).toMatchObject({ entries: most, others: COUNTER_LIMITS.others, lost: 100 })
    await counter.close()
    expect(counter.counts).toMatchObject({ entries: 0, written: most })
  })
})

let folder: string
let store: Store
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-usage-'))
  const storage = emptyDatabase(join(folder, 'tessera.db'))
  store = await openStore(storage, standingClock())
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

type Fault = 'none' | 'before' | 'after'

/** An event at one of two processes. */
type Step =
  | { readonly kind: 'issue'; readonly client: number; readonly apis: readonly number[]; readonly at: number }
  | { readonly kind: 'refuse'; readonly client: number; readonly reason: string; readonly at: number }
  /** The process writes. The database may fail, before or after it has stored the counts. */
  | { readonly kind: 'flush'; readonly fault: Fault }
  | { readonly kind: 'restart' }

const small = fc.integer({ min: 0, max: 3 })
const MIDNIGHT = 20_000 * 86_400_000
/** Times around the turn of a day, and some of clocks that were wrong. */
const at = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: MIDNIGHT - 7_200_000, max: MIDNIGHT + 7_200_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 4e15) },
)
const apis = fc.uniqueArray(small, { minLength: 1, maxLength: 3 })
const reason = fc.constantFrom('wrong_secret', 'scope_not_allowed')
const fault = fc.constantFrom<Fault>('none', 'before', 'after')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('issue' as const), client: small, apis, at }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('refuse' as const), client: small, reason, at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const), fault }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)
const steps = fc.array(fc.record({ process: fc.integer({ min: 0, max: 1 }), step }), { maxLength: 120 })

/** Counts one event at a time. */
function naive(all: readonly Step[], resolution: Resolution): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  const note = (...of: readonly (string | number)[]) => {
    const key = of.join(' ')
    counts[key] = (counts[key] ?? 0) + 1
  }
  for (const one of all) {
    if (one.kind === 'issue')
      for (const [index, api] of one.apis.entries())
        note(intervalOf(resolution, one.at), one.client, `https://${api}`, index === 0 ? ISSUED : ALSO_ISSUED)
    if (one.kind === 'refuse') note(intervalOf(resolution, one.at), one.client, '', one.reason)
  }
  return counts
}

test('the sums of every resolution equal a naive count, whatever fails or restarts', async () => {
  let runs = 0
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      runs += 1
      const { usage } = store.of(TenantId(`run ${runs}`))
      let next: Fault = 'none'
      const add = async (batch: UsageBatch) => {
        const now = next
        next = 'none'
        if (now === 'before') throw AWAY
        await usage.add(batch)
        if (now === 'after') throw AWAY
      }
      const start = () => new UsageCounter({ store: { add }, clock: standingClock(), random: systemRandom })
      const processes = [start(), start()]
      for (const { process, step: one } of all) {
        const counter = processes[process] ?? start()
        if (one.kind === 'issue') {
          const audiences = one.apis.map((api) => Audience(`https://${api}`))
          const credential = CredentialId(`s${one.client}`)
          counter.issued(ClientId(`${one.client}`), credential, audiences, { lifetime: 1, at: one.at })
        } else if (one.kind === 'refuse') {
          counter.refused(ClientId(`${one.client}`), undefined, undefined, one)
        } else if (one.kind === 'flush') {
          next = one.fault
          await counter.flush().catch((error: unknown) => expect(error).toBe(AWAY))
          next = 'none'
        } else {
          await counter.close()
          processes[process] = start()
        }
      }
      for (const counter of processes) await counter.close()
      for (const resolution of ['minute', 'hour', 'day'] as const) {
        const sums = await usage.sums({ resolution, since: -8e15, until: 8e15, filter: {} }, ['at', 'client', 'api'])
        const counted = sums.map((sum) => [`${sum.at} ${sum.client} ${sum.api} ${sum.outcome}`, sum.count])
        expect(Object.fromEntries(counted), resolution).toEqual(
          naive(
            all.map((one) => one.step),
            resolution,
          ),
        )
      }
    }),
    { numRuns: 60 },
  )
})
