import { describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { RefusalGatherer } from '../../src/audit/refusals.ts'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { bytesInUse } from '../harness/memory.ts'

const refusal = (requestId: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  tenant: DEFAULT_TENANT,
  at: 1_000,
  type: 'token.issue',
  result: 'refused',
  reason: 'wrong_secret',
  clientId: 'a',
  remoteAddress: '192.0.2.1',
  requestId,
  traceId: undefined,
  detail: { method: 'client_secret_basic' },
  ...more,
})

/** A gatherer under a standing clock, and its recorded events. */
function create() {
  const recorded: AuditEvent[] = []
  const state = { now: 0, isFullForRefusals: false }
  const sink = {
    isFull: false,
    get isFullForRefusals() {
      return state.isFullForRefusals
    },
    counts: { waiting: 0, capacity: 0, written: 0, failedBatches: 0, lost: 0 },
    record: (event: AuditEvent) => recorded.push(event),
    close: async () => {},
  }
  const gatherer = new RefusalGatherer(sink, { now: () => state.now, monotonic: () => state.now })
  const pass = (milliseconds: number): void => {
    state.now += milliseconds
    gatherer.recordDue()
  }
  return { gatherer, recorded, state, pass }
}

describe('refusals', () => {
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`)

  test('the first twenty are recorded at once, and further equal ones as one, with their count', () => {
    const { gatherer, recorded, pass } = create()
    for (const id of numbers(1, 60)) gatherer.record(refusal(id))
    expect(recorded.map(({ requestId }) => requestId)).toEqual(numbers(1, 20))
    pass(999)
    expect(recorded).toHaveLength(20)
    pass(1)
    expect(recorded[20]).toMatchObject({
      requestId: '60',
      clientId: 'a',
      detail: { method: 'client_secret_basic', repeated: 40, since: '1970-01-01T00:00:01.000Z' },
    })
    expect(recorded[20]?.detail['request_ids']).toEqual(numbers(41, 60))
  })

  test('one that stays alone is recorded as it came', () => {
    const { gatherer, recorded, pass } = create()
    for (const id of numbers(1, 21)) gatherer.record(refusal(id))
    pass(1_000)
    expect(recorded[20]).toEqual(refusal('21'))
  })

  test.each([
    ['reason', { reason: 'expired_credential' }],
    ['type', { type: 'token.introspect' }],
    ['client', { clientId: 'b' }],
    ['address', { remoteAddress: '192.0.2.2' }],
    ['detail', { detail: { method: 'client_secret_post' } }],
    ['author', { actor: { kind: 'operator', user: 'root', host: 'here', way: 'command' } }],
  ] as const)('one of another %s is recorded at once', (_name, other) => {
    const { gatherer, recorded } = create()
    // After twenty, equal ones are held back.
    for (const id of numbers(1, 21)) gatherer.record(refusal(id))
    gatherer.record(refusal('22', other))
    expect(recorded.map(({ requestId }) => requestId)).toEqual([...numbers(1, 20), '22'])
  })

  test('are gathered for longer and longer while they continue, and recorded at once again after a pause', () => {
    const { gatherer, recorded, pass } = create()
    for (let second = 0; second < 600; second += 1) {
      gatherer.record(refusal(`${second}`))
      pass(1_000)
    }
    expect(recorded.length).toBeLessThan(40)
    const said = recorded.map(({ detail }) => Number(detail['repeated'] ?? 1)).reduce((sum, count) => sum + count, 0)
    expect(said).toBeGreaterThan(530)
    pass(60_000)
    pass(60_000)
    const before = recorded.length
    gatherer.record(refusal('again'))
    expect(recorded).toHaveLength(before + 1)
  })

  test('that all differ are gathered by their reason beyond a limit', () => {
    const { gatherer, recorded, pass } = create()
    for (let i = 0; i < 50_000; i += 1) gatherer.record(refusal(`${i}`, { clientId: `made up ${i}` }))
    expect(recorded).toHaveLength(1_000)
    pass(1_000)
    const summary = recorded.at(-1)
    expect(recorded).toHaveLength(1_001)
    expect(summary).toMatchObject({ reason: 'wrong_secret', clientId: undefined, detail: { repeated: 49_000 } })
    expect(summary?.detail).not.toHaveProperty('method')
  })

  test('that keep coming stay within the budget, however many differ', () => {
    const { gatherer, recorded, pass } = create()
    for (let second = 0; second < 120; second += 1) {
      for (let i = 0; i < 2_000; i += 1) gatherer.record(refusal(`${second} ${i}`, { clientId: `made up ${i}` }))
      pass(1_000)
    }
    // The burst, twenty a second, and one summary in ever longer intervals.
    expect(recorded.length).toBeLessThanOrEqual(1_000 + 120 * 20 + 10)
  })

  test('are counted exactly, even when gathered', async () => {
    const { gatherer, recorded, pass } = create()
    for (let i = 0; i < 30_000; i += 1) {
      gatherer.record(refusal(`${i}`, { clientId: `made up ${i % 1_777}` }))
      if (i % 1_000 === 0) pass(700)
    }
    await gatherer.close()
    const said = recorded.map(({ detail }) => Number(detail['repeated'] ?? 1)).reduce((sum, count) => sum + count, 0)
    expect(said).toBe(30_000)
  })

  test('of authenticated clients are recorded despite a flood of strangers', () => {
    const { gatherer, recorded } = create()
    for (let i = 0; i < 5_000; i += 1) gatherer.record(refusal(`${i}`, { clientId: `made up ${i}` }))
    gatherer.record(refusal('mine', { reason: 'scope_not_allowed', detail: { credential: 'c', refused: ['x'] } }))
    expect(recorded.at(-1)?.requestId).toBe('mine')
  })

  test('changes pass through a flood', () => {
    const { gatherer, recorded } = create()
    for (let i = 0; i < 5_000; i += 1) gatherer.record(refusal(`${i}`, { clientId: `made up ${i}` }))
    gatherer.record({ ...refusal('done'), result: 'success', reason: undefined })
    expect(recorded.at(-1)?.requestId).toBe('done')
  })

  test('that find no room are counted until there is some', () => {
    const { gatherer, recorded, state, pass } = create()
    state.isFullForRefusals = true
    for (let i = 0; i < 100; i += 1) gatherer.record(refusal(`${i}`))
    pass(10_000)
    expect(recorded).toEqual([])
    state.isFullForRefusals = false
    pass(1_000)
    expect(recorded).toMatchObject([{ reason: 'wrong_secret', detail: { repeated: 100 } }])
  })

  test('are all recorded before the end', async () => {
    const { gatherer, recorded } = create()
    for (const id of numbers(1, 30)) gatherer.record(refusal(id))
    await gatherer.close()
    expect(recorded.at(-1)).toMatchObject({ detail: { repeated: 10 } })
  })

  test('take little memory, whatever their content', () => {
    const { gatherer, recorded } = create()
    const before = bytesInUse()
    for (let i = 0; i < 20_000; i += 1) {
      const form = `${i} ${'x'.repeat(60_000)}`
      gatherer.record(refusal(`${i}`, { clientId: form.slice(0, 250), detail: { received: form.slice(0, 250) } }))
      gatherer.record(refusal(`${i}`, { clientId: form.slice(0, 250), detail: { received: form } }))
      // Drop these, as they would be in the database by now.
      recorded.length = 0
    }
    expect(bytesInUse() - before).toBeLessThan(16 * 1024 * 1024)
    expect(gatherer.isFull).toBe(false)
  })
})
