/**
 * Measures what it costs to hand an audit event from a worker to its primary: `node simulation/channel.ts`. Prints JSON for
 * `channel_us` of `constants.json`: microseconds of processor time for each event, at either end.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AuditEvent } from '../src/audit/event.ts'
import { DEFAULT_TENANT } from '../src/oauth/ids.ts'
import type { FromWorker } from '../src/server/workers/channel.ts'

const BATCHES = 4_000
/** About as many as one turn of a busy event loop brings. */
const EVENTS_AT_ONCE = 20
/** Messages under way before the worker waits for the primary. */
const WINDOW = 50

const event: AuditEvent = {
  tenant: DEFAULT_TENANT,
  at: 1_700_000_000_000,
  type: 'token.issue',
  result: 'success',
  reason: undefined,
  clientId: 'client-00001',
  remoteAddress: '10.1.20.30',
  requestId: '018bcfe5-6800-7000-8000-000000000000',
  traceId: undefined,
  detail: {
    method: 'client_secret_basic',
    credential: '018bcfe5-6800-7000-8000-000000000001',
    subject: 'client-00001',
    audience: 'https://api.example.com',
    scope: 'edit',
    lifetime: 14_400,
    user_agent: 'python-requests/2.32.3',
  },
}

const used = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return user + system
}

async function work(): Promise<void> {
  const events = Array.from({ length: EVENTS_AT_ONCE }, () => event)
  const before = process.cpuUsage()
  for (let sent = 1; sent <= BATCHES; sent += 1) {
    process.send?.({ kind: 'events', events } satisfies FromWorker)
    if (sent % WINDOW === 0) await once(process, 'message')
  }
  process.send?.(used(before))
}

async function attend(): Promise<void> {
  const worker = fork(import.meta.filename, ['--work'])
  let taken = 0
  let atWorker = 0
  const before = process.cpuUsage()
  worker.on('message', (message: FromWorker | number) => {
    if (typeof message === 'number') {
      atWorker = message
      worker.disconnect()
      return
    }
    taken += 1
    if (taken % WINDOW === 0) worker.send('go on')
  })
  await once(worker, 'exit')
  const events = BATCHES * EVENTS_AT_ONCE
  const each = (microseconds: number): number => Number((microseconds / events).toPrecision(3))
  process.stdout.write(`${JSON.stringify({ worker: each(atWorker), primary: each(used(before)) }, undefined, 2)}\n`)
}

await (process.argv[2] === '--work' ? work() : attend())
