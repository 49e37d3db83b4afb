/**
 * Measures the sizes of rows, and of records in memory: `node simulation/storage.ts`. Prints JSON for `rows` and `memory` of
 * `constants.json`: bytes, and microseconds of processor time, on SQLite in a temporary folder, by the stores that serve.
 */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AuditRecorder } from '../src/audit/recorder.ts'
import type { Client } from '../src/model/client.ts'
import { toCredentials } from '../src/model/credentials/credential.ts'
import { Directory } from '../src/model/directory/directory.ts'
import { ClientId, CredentialId, DEFAULT_TENANT, Jti } from '../src/oauth/ids.ts'
import { systemClock } from '../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../src/platform/random.ts'
import { openStore } from '../src/store/open.ts'
import type { Store } from '../src/store/tables/sql-store.ts'
import { Revocations } from '../src/tokens/revocation/revocations.ts'

const EVENTS = 60_000
const MARKS = 50_000
const REVOKED = 100_000
const CLIENTS = 10_000
const POLLS = 2_000
const BATCH = 2_000
/** About as many as one turn of a busy event loop brings. */
const MARKS_AT_ONCE = 20
const HOUR_MS = 3_600_000

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const names = Array.from({ length: CLIENTS }, (_, number) => `client-${String(number).padStart(5, '0')}`)
const nameOf = (number: number): ClientId => ClientId(names[number % CLIENTS] ?? '')

/** As a token that was issued to a client with a secret leaves it. */
const event = (number: number) => ({
  tenant: DEFAULT_TENANT,
  at: systemClock.now(),
  type: 'token.issue' as const,
  result: 'success' as const,
  reason: undefined,
  clientId: nameOf(number),
  remoteAddress: `10.1.${number % 200}.${number % 250}`,
  requestId: uuidv7(systemClock, systemRandom),
  traceId: undefined,
  detail: {
    method: 'client_secret_basic',
    credential: uuidv7(systemClock, systemRandom),
    subject: nameOf(number),
    audience: 'https://api.example.com',
    scope: 'edit',
    lifetime: 14_400,
    user_agent: 'python-requests/2.32.3',
  },
})

const client = (name: ClientId): Client => ({
  id: name,
  name: `Service ${name}`,
  description: undefined,
  owner: 'platform@example.com',
  tags: ['production'],
  metadata: {},
  enabled: true,
  subject: undefined,
  grantTypes: ['client_credentials'],
  scopes: ['edit', 'read'],
  restrictScopes: false,
  grants: [],
  defaultApi: undefined,
  defaultScopes: [],
  token: {},
  introspects: [],
  credentials: toCredentials([
    {
      kind: 'secret',
      id: CredentialId(uuidv7(systemClock, systemRandom)),
      label: '',
      hint: 'ab12',
      origin: 'manifest',
      createdAt: systemClock.now(),
      expiresAt: undefined,
      revokedAt: undefined,
      replaces: undefined,
      hash: { kind: 'sha256', digest: randomBytes(32).toString('base64url') },
      retrievable: undefined,
    },
  ]),
  authentication: {},
  require: undefined,
  bindsToCertificate: false,
  manifest: undefined,
})

/** Microseconds of processor time for each of so many. */
async function costOf(count: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return round((user + system) / count)
}

/** Bytes that work leaves on the heap, for each of `count` items. */
async function heapOf<Kept>(count: number, work: () => Promise<Kept>): Promise<readonly [number, Kept]> {
  collect()
  const before = process.memoryUsage().heapUsed
  const kept = await work()
  collect()
  return [Math.round((process.memoryUsage().heapUsed - before) / count), kept]
}

const round = (value: number): number => Number(value.toPrecision(3))

async function inBatches(count: number, size: number, add: (numbers: readonly number[]) => Promise<void>) {
  for (let from = 0; from < count; from += size) {
    await add(Array.from({ length: Math.min(size, count - from) }, (_, index) => from + index))
  }
}

/** The length of the database file once all is in it, in bytes. */
function fileSize(path: string): number {
  const database = new DatabaseSync(path)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  return statSync(path).size
}

async function measure(store: Store, path: string): Promise<object> {
  let size = fileSize(path)
  const grownBy = (rows: number): number => {
    const before = size
    size = fileSize(path)
    return Math.round((size - before) / rows)
  }

  const recorder = new AuditRecorder({
    store: store.audit,
    clock: systemClock,
    random: systemRandom,
    retention: HOUR_MS,
    refusalsKept: EVENTS,
    onError: (error) => {
      throw error
    },
  })
  const auditUs = await costOf(EVENTS, () =>
    inBatches(EVENTS, BATCH, async (numbers) => {
      for (const number of numbers) recorder.record(event(number))
      await recorder.flush()
    }),
  )
  const auditBytes = grownBy(EVENTS)

  const expiresAt = systemClock.now() + HOUR_MS
  const markUs = await costOf(MARKS, () =>
    inBatches(MARKS, MARKS_AT_ONCE, async (numbers) => {
      await store.replay.addMarks(numbers.map(() => ({ id: randomBytes(16), expiresAt })))
    }),
  )
  const markBytes = grownBy(MARKS)

  await inBatches(REVOKED, BATCH, (numbers) =>
    store.revocations.addRevocations(
      numbers.map(() => ({ kind: 'token', id: Jti(uuidv7(systemClock, systemRandom)), expiresAt })),
    ),
  )
  const revocationBytes = grownBy(REVOKED)
  let readUs = 0
  const [revocationHeap, revocations] = await heapOf(REVOKED, async () => {
    let opened: Revocations | undefined
    readUs = await costOf(REVOKED, async () => {
      opened = await Revocations.open(store.revocations, systemClock)
    })
    return opened
  })
  const pollUs = await costOf(POLLS, async () => {
    for (let done = 0; done < POLLS; done += 1) {
      await revocations?.poll()
      await store.changes.changesSince(0)
    }
  })

  await store.model.commit(await store.changes.latestChange(), {
    apis: [],
    clients: names.map((name) => client(ClientId(name))),
    event: event(0),
  })
  const clientRowBytes = grownBy(CLIENTS)
  let loadUs = 0
  const directory = await Directory.open(store.directory, { room: { clients: CLIENTS }, onUnreadable: () => {} })
  const [clientHeap] = await heapOf(CLIENTS, async () => {
    loadUs = await costOf(CLIENTS, async () => {
      for (const name of names) await directory.client(ClientId(name))
    })
    return directory
  })

  return {
    rows: {
      audit_bytes: auditBytes,
      audit_append_us: auditUs,
      mark_bytes: markBytes,
      mark_add_us: markUs,
      revocation_bytes: revocationBytes,
      revocation_read_us: readUs,
      client_bytes: clientRowBytes,
      client_load_us: loadUs,
      poll_us: pollUs,
    },
    memory: { client_bytes: clientHeap, revocation_bytes: revocationHeap },
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-storage-'))
const path = join(folder, 'tessera.db')
const store = await openStore(`sqlite:${path}`, systemClock)
try {
  process.stdout.write(`${JSON.stringify(await measure(store, path), undefined, 2)}\n`)
} finally {
  await store.close()
  rmSync(folder, { recursive: true })
}
