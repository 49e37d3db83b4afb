import type { AuditEvent } from '../src/audit/event.ts'
import { Checkpoints } from '../src/audit/proof/checkpoints.ts'
import { MasterKey } from '../src/crypto/master-key.ts'
import { DEFAULT_TENANT, TenantId } from '../src/oauth/ids.ts'
import { type Clock, DAY_MS, systemClock } from '../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../src/platform/random.ts'
import type { Database } from '../src/store/sql/dialect.ts'
import { EventIndex } from '../src/store/tables/event-index.ts'
import { lastEvent } from '../src/store/tables/last-event.ts'
import { createStore } from '../src/store/tables/sql-store.ts'
import { audience, lifetime, scope } from './fleet.ts'

/** The events are spread over these days, a few less than are kept by default. */
export const FILLED_DAYS = 80
const WITHIN_MS = FILLED_DAYS * DAY_MS
/** The clients of the events. Each has the same number of them. */
const CLIENTS = 10_000
/** The size of a server's batches. */
const BATCH = 256
/** A server signs a checkpoint each minute, if there are events. */
const SIGNED_EVERY_MS = 60_000
/** Events of one run of a server. Each run has its own chains. */
const RUN = 200_000

/** The rare events among many. */
export const RARE = {
  /** A client with one event. */
  client: 'once',
  /** A reason that occurs three times. */
  reason: 'proof_replayed',
} as const

interface Filling {
  readonly count: number
  /** The bytes of the master key that checkpoints are signed under; without it, none is signed. */
  readonly masterKey?: Buffer
  /** The events belong to this many tenants beside the default one, in turn. */
  readonly others?: number
}

/** Fills the log with events as servers write them: chained, signed and indexed. No other process may write. */
export async function fillEvents(db: Database, { count, masterKey, others = 0 }: Filling): Promise<void> {
  let now = systemClock.now() - WITHIN_MS
  const clock: Clock = { now: () => now, monotonic: () => systemClock.monotonic() }
  const stopUpkeep = db.startUpkeep()
  let run = await startRun(db, clock, masterKey)
  let signedAt = now
  let batch: AuditEvent[] = []
  for (let n = 0; n < count; n += 1) {
    now += (WITHIN_MS - SIGNED_EVERY_MS) / count
    const event = eventAt(n, clock, n % (others + 1))
    if (event.type === 'client.change') await run.audit.appendChange(event)
    else batch.push(event)
    if (batch.length === BATCH || n === count - 1 || n % RUN === 0) {
      await run.audit.append(batch)
      batch = []
    }
    if (now - signedAt > SIGNED_EVERY_MS) {
      await run.sign()
      signedAt = now
    }
    if (n > 0 && n % RUN === 0) {
      await run.stop()
      run = await startRun(db, clock, masterKey)
    }
  }
  await run.stop()
  await stopUpkeep()
  const index = new EventIndex({ scans: db.unhurried, logs: db.unhurried }, () => lastEvent(db.unhurried))
  while (await index.indexNext());
}

/** One run of a server, as far as it writes the log. */
async function startRun(db: Database, clock: Clock, masterKey: Buffer | undefined) {
  const { audit, proof } = createStore(db, clock)
  if (masterKey === undefined) return { audit, sign: async () => {}, stop: async () => {} }
  const checkpoints = new Checkpoints({
    store: proof,
    masterKey: new MasterKey(masterKey, systemRandom),
    clock,
    random: systemRandom,
    retention: WITHIN_MS,
    written: () => 0,
    onCheckpoint: () => {},
    // `sign` rejects, and is tried again by nobody.
    onError: () => {},
  })
  await checkpoints.start()
  return { audit, sign: () => checkpoints.sign(), stop: () => checkpoints.close() }
}

/** The n-th event: mostly a token; some refusals, and now and then a change. @param tenant 0 for the default one */
function eventAt(n: number, clock: Clock, tenant: number): AuditEvent {
  const clientId = n === 4_321 ? RARE.client : `client-${(n * 7919) % CLIENTS}`
  const base = {
    tenant: tenant === 0 ? DEFAULT_TENANT : TenantId(tenantName(tenant)),
    at: Math.floor(clock.now()),
    type: 'token.issue',
    reason: undefined,
    clientId,
    remoteAddress: '10.1.2.3',
    requestId: uuidv7(clock, systemRandom),
    traceId: undefined,
  } as const
  if (n % 100_003 === 7) {
    const actor = { kind: 'operator', user: 'ann', host: 'h', way: 'command' } as const
    return { ...base, type: 'client.change', result: 'success', detail: {}, actor }
  }
  const isRare = n % 3_333_333 === 2
  if (isRare || n % 50 === 1) {
    const detail = { method: 'client_secret_basic', received: { form: 'chosen' }, user_agent: 'orders/1.2' }
    return { ...base, result: 'refused', reason: isRare ? RARE.reason : 'wrong_secret', detail }
  }
  const credential = '01890000-0000-7000-8000-000000000000'
  const detail = { method: 'client_secret_basic', credential, subject: clientId, audience, scope, lifetime }
  return { ...base, result: 'success', detail }
}

/** The name of a tenant beside the default one. */
export const tenantName = (number: number): string => `tenant-${number}`
