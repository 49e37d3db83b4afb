import { afterEach, describe, expect, test, vi } from 'vitest'
import type { AuditEvent } from '../../../src/audit/event.ts'
import { DEFAULT_TENANT } from '../../../src/oauth/ids.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import type { FromPrimary, FromWorker } from '../../../src/server/workers/channel.ts'
import { RemoteAudit } from '../../../src/server/workers/remote-audit.ts'
import { clockAt } from '../../harness/clock.ts'

const event = (requestId: string, detail: AuditEvent['detail'] = {}): AuditEvent => ({
  tenant: DEFAULT_TENANT,
  at: 1,
  type: 'token.issue',
  result: 'success',
  reason: undefined,
  clientId: 'a',
  remoteAddress: '192.0.2.1',
  requestId,
  traceId: undefined,
  detail,
})

/** A worker's end of the channel, and a primary that accepts events on demand. */
function create() {
  const sent: FromWorker[] = []
  let tell: (message: FromPrimary) => void = () => {}
  const channel = {
    send: (message: FromWorker) => void sent.push(message),
    onMessage: (take: typeof tell) => {
      tell = take
    },
  }
  const audit = new RemoteAudit(channel, { clock: clockAt(1), random: systemRandom })
  const messages = () => sent.flatMap((message) => (message.kind === 'events' ? [message.events] : []))
  const take = (count: number, isFull = false, isFullForRefusals = isFull) =>
    tell({ kind: 'taken', count, isFull, isFullForRefusals })
  return { audit, messages, take }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('the events of a worker', () => {
  test('go to the primary in one message for each batch', async () => {
    const { audit, messages, take } = create()
    audit.record(event('1'))
    audit.record(event('2'))
    await Promise.resolve()
    expect(messages()).toEqual([[event('1'), event('2')]])
    expect(audit.counts.waiting).toBe(2)
    take(2)
    expect(audit.counts.waiting).toBe(0)
  })

  test('are offered again to a full primary once it has room', async () => {
    vi.useFakeTimers()
    const { audit, messages, take } = create()
    audit.record(event('1'))
    await vi.advanceTimersByTimeAsync(0)
    take(1, true)
    expect([audit.isFull, audit.isFullForRefusals]).toEqual([true, true])
    await vi.advanceTimersByTimeAsync(250)
    expect(messages()).toEqual([[event('1')], []])
    take(0, false, true)
    expect([audit.isFull, audit.isFullForRefusals]).toEqual([false, true])
    await vi.advanceTimersByTimeAsync(250)
    take(0)
    expect([audit.isFull, audit.isFullForRefusals]).toEqual([false, false])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(messages()).toHaveLength(3)
  })

  test('are bounded in bytes while the primary accepts none, and losses are reported', async () => {
    const { audit, messages, take } = create()
    const scope = 'x'.repeat(16_000)
    let recorded = 0
    while (!audit.isFull) {
      audit.record(event(`${recorded}`, { scope }))
      recorded += 1
    }
    expect(audit.isFullForRefusals).toBe(true)
    expect(recorded * scope.length * 2).toBeLessThan(128 * 1024 * 1024)
    for (let i = 0; i < 5_000; i += 1) audit.record(event('more', { scope }))
    await Promise.resolve()
    const { lost, waiting } = audit.counts
    expect(lost).toBeGreaterThan(1_000)
    expect(waiting + lost).toBe(recorded + 5_000)
    take(waiting)
    await Promise.resolve()
    expect(messages().at(-1)).toMatchObject([{ type: 'audit.lost', detail: { events: lost } }])
    expect(audit.isFull).toBe(false)
  })
})
