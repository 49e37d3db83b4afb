import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/platform/clock.ts'
import { lastEvent } from '../../src/store/tables/last-event.ts'
import { fillEvents } from '../audit-fill.ts'
import { clientKey } from '../client-key.ts'
import {
  audience,
  type BenchClient,
  chosenSecret,
  issuer,
  lifetime,
  type Presents,
  resourceServer,
  scope,
  type TokenKind,
} from '../fleet.ts'
import { cores, type Workspace } from '../workspace.ts'
import { addCrowd } from './crowd.ts'
import { type BenchDatabase, type DatabaseKind, makeDatabase } from './databases.ts'
import { addLiveRevocations } from './live-revocations.ts'
import type { BenchServer } from './server.ts'
import { addTenants } from './tenants.ts'

interface Setup {
  /** Distinguishes it from another Tessera of the scenario. */
  readonly label?: string
  readonly tokens?: TokenKind
  /** The number of live revoked tokens. */
  readonly liveRevocations?: number
  readonly presents?: Presents
  readonly isBound?: boolean
  readonly database?: DatabaseKind
  /** The number of worker processes, on all cores. */
  readonly workers?: number
  /** The number of clients that ask. */
  readonly asking?: number
  /** Whether each request is traced. */
  readonly isTraced?: boolean
  /** The command; by default the sources'. */
  readonly command?: string
  /** The number of clients in the cache; the default if unset. */
  readonly kept?: number
  /** The number of events in the audit log. */
  readonly events?: number
  /** The number of other tenants, with as many clients each. */
  readonly otherTenants?: number
}

const collector = fileURLToPath(new URL('./collector-process.ts', import.meta.url))
const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Tessera as in production, behind a proxy that terminates TLS: the command, its database, its audit log. */
export const tessera = ({
  label,
  tokens = 'ES256',
  liveRevocations = 0,
  presents = 'generated secret',
  isBound = false,
  database: kind = 'sqlite',
  workers,
  asking,
  isTraced = false,
  kept,
  events = 0,
  otherTenants = 0,
  command = cli,
}: Setup = {}): BenchServer => ({
  presents,
  isBound,
  ...(asking !== undefined && { asking }),
  name: label === undefined ? 'tessera' : `tessera (${label})`,
  tokens,

  async prepare(workspace, folder, clients) {
    const database = await makeDatabase(kind, workspace, folder)
    const storage = { TESSERA_STORAGE: database.url }
    const file = join(folder, 'manifest.json')
    const [first, ...others] = clients
    writeFileSync(file, JSON.stringify(manifest(tokens, presents, first)))
    await workspace.start({ args: [cli, 'storage', 'migrate'], env: storage }, cores.server).done()
    await workspace.start({ args: [cli, 'apply', '-f', file], env: storage }, cores.server).done()
    await addCrowd(database, first, others)
    await addLiveRevocations(database, liveRevocations)
    const masterKey = randomBytes(32)
    const before = await prefill(database, { masterKey, events, otherTenants })
    return {
      args: [command, 'serve'],
      env: {
        ...storage,
        ...(kept !== undefined && { TESSERA_CACHE_CLIENTS: String(kept) }),
        ...(isTraced && { TESSERA_TRACES_ENDPOINT: await startCollector(workspace) }),
        TESSERA_ISSUER: issuer,
        TESSERA_MASTER_KEY: masterKey.toString('base64'),
        TESSERA_RUNTIME_TLS: 'off',
        TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.1,::1',
        TESSERA_RUNTIME_HOST: '127.0.0.1',
        TESSERA_RUNTIME_PORT: '0',
        TESSERA_ADMIN_PORT: '0',
        TESSERA_WORKERS: String(workers ?? 1),
      },
      usesAllCores: workers !== undefined,
      inspect: (issued) => inspect(database, { issued, liveRevocations, before }),
    }
  },
})

/** @returns the address for traces */
async function startCollector(workspace: Workspace): Promise<string> {
  const [origin] = await workspace.start({ args: [collector] }, cores.load).says(/http:\/\/127\.0\.0\.1:\d+/)
  return `${origin}/v1/traces`
}

interface Prefilled {
  readonly masterKey: Buffer
  readonly events: number
  readonly otherTenants: number
}

/** Fills the audit log, and adds other tenants. @returns the number of the last event */
async function prefill(database: BenchDatabase, { masterKey, events, otherTenants }: Prefilled): Promise<number> {
  const opened = await database.open()
  if (otherTenants > 0) await addTenants(opened, otherTenants)
  if (events > 0) await fillEvents(opened, { count: events, masterKey, others: otherTenants })
  const last = await lastEvent(opened.scans)
  await opened.close()
  return last
}

/** Checks that the audit log has every token and no refusal, and that revoked tokens stayed so. */
async function inspect(
  database: BenchDatabase,
  expected: { readonly issued: number; readonly liveRevocations: number; readonly before: number },
) {
  const { scans, close } = await database.open()
  const events = scans
    .selectFrom('audit_event')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('seq', '>', expected.before)
  const revocations = scans.selectFrom('revocation').select(({ fn }) => fn.countAll().as('count'))
  const count = async (query: typeof events) => Number((await query.executeTakeFirstOrThrow()).count)
  const recorded = await count(events.where('type', '=', 'token.issue').where('result', '=', 'success'))
  const refused = await count(events.where('result', '=', 'refused'))
  const revoked = Number(
    (await revocations.where('expires_at', '>', systemClock.now()).executeTakeFirstOrThrow()).count,
  )
  await close()
  const { issued, liveRevocations } = expected
  if (recorded !== issued) throw new Error(`${issued} tokens were issued, ${recorded} are recorded`)
  if (refused !== 0) throw new Error(`${refused} requests were refused`)
  if (revoked !== liveRevocations) throw new Error(`${revoked} tokens are revoked, not ${liveRevocations}`)
}

const manifest = (tokens: TokenKind, presents: Presents, client: BenchClient) => ({
  apis: [
    {
      audience,
      scopes: [{ name: scope }],
      token: { lifetime, ...(tokens === 'sealed' ? { format: 'sealed' } : { algorithm: tokens }) },
    },
  ],
  clients: [
    { client_id: client.id, scopes: [scope], credentials: [credential(presents, client)] },
    { client_id: resourceServer.id, introspects: [audience], credentials: [{ secret: resourceServer.secret }] },
  ],
})

function credential(presents: Presents, client: BenchClient): object {
  switch (presents) {
    case 'generated secret':
      return { secret: client.secret }
    case 'chosen secret':
      return { secret: chosenSecret(client) }
    case 'assertion':
      return { jwks: { keys: [clientKey.publicJwk] } }
  }
}
