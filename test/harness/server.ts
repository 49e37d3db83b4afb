import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { StoredAuditEvent } from '../../src/audit/store.ts'
import { managementContext } from '../../src/cli/database.ts'
import { loadOptions } from '../../src/config/load.ts'
import { type Config, resolveConfig } from '../../src/config/resolve.ts'
import { applyManifest } from '../../src/management/manifest/apply.ts'
import { secretsHere } from '../../src/management/manifest/files/secrets.ts'
import type { Plan } from '../../src/management/manifest/plan.ts'
import { parseManifest } from '../../src/management/manifest/reading/parse.ts'
import { createLogger, type Logger } from '../../src/observability/log.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { type Environment, type Server, startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import { TEST_SETTINGS } from './apply-settings.ts'
import { emptyDatabase } from './empty-database.ts'
import { freePort } from './port.ts'
import { scrape } from './scrape.ts'
import { until } from './until.ts'

export interface TestServerOptions {
  /** YAML, applied before the server starts. */
  readonly manifest?: string
  /** Options by key, such as `token.lifetime`. */
  readonly options?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly clock?: Clock
  /** Opens the database instead of the real function, so that a test can make it fail. */
  readonly open?: Environment['open']
  /** Resolves the hosts of key URLs instead of the system's resolver. */
  readonly lookup?: Environment['lookup']
  /** The server's log; discarded by default. */
  readonly log?: Logger
  /** Delays refusals instead of the real timers. */
  readonly holds?: Environment['holds']
  /** The folder of the built console instead of the real one. */
  readonly consoleFolder?: string
}

/** A real server with TLS, database and keys. Its temporary folder goes when it stops. */
export interface TestServer {
  /** The issuer, which is also the base URL of the endpoints. */
  readonly issuer: string
  readonly admin: string
  readonly config: Config
  readonly folder: string
  /** `POST`s a form to the token endpoint. Text is sent as it is. */
  token(form: Record<string, string> | string, headers?: Record<string, string>): Promise<Response>
  /** Applies a manifest over a database connection of its own, as another process would. */
  apply(manifest: string, env?: Readonly<Record<string, string>>): Promise<Plan>
  /** Waits until all recorded events are written. @returns the audit log */
  audit(requestId?: string | null): Promise<readonly StoredAuditEvent[]>
  /** Puts another configuration in force, as SIGHUP does. */
  reload(next: Config): Promise<void>
  /** Stops the server, and keeps its folder. */
  stopServer(): Promise<void>
  /** Starts it again, on the same ports and with the same database. */
  startAgain(): Promise<void>
  stop(): Promise<void>
}

/** `Authorization: Basic` as curl sends it. */
export const basic = (id: string, secret: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

/**
 * The configuration of a server on free ports, with its files in a new folder. The database is empty, unless `storage`
 * names another.
 * @returns the flags, too, from which a reload resolves the changed configuration
 */
export async function testConfig(
  options: Readonly<Record<string, string>> = {},
): Promise<{ config: Config; folder: string; flags: Readonly<Record<string, string>> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-test-'))
  const runtimePort = await freePort()
  const tls = inject('tls')
  const flags = {
    issuer: `https://localhost:${runtimePort}`,
    storage: options['storage'] ?? emptyDatabase(join(folder, 'tessera.db')),
    'runtime.host': 'localhost',
    'runtime.port': String(runtimePort),
    'admin.port': String(await freePort()),
    'admin.metrics': 'open',
    'tls.cert': tls.cert,
    'tls.key': tls.key,
    'shutdown.timeout': '1',
    master_key: randomBytes(32).toString('base64'),
    // A busy machine meets it, too. Limits on the time of answers stay above it.
    ...(options['storage']?.startsWith('postgres') && { storage_request_timeout: '3000' }),
    ...options,
  }
  return { config: resolveConfig(loadOptions({ env: {}, flags })), folder, flags }
}

/** Applies a manifest to a database. */
export async function applyTo(
  config: Config,
  manifest: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Plan> {
  const store = await openStore(config.storage, systemClock, config.storageAccess)
  try {
    return await applyManifest(managementContext({ options: config, store }), {
      parsed: parseManifest('test.yaml', manifest),
      source: secretsHere(env),
      server: TEST_SETTINGS,
      dryRun: false,
      allowDestroy: true,
    })
  } finally {
    await store.close()
  }
}

export async function startTestServer({
  manifest,
  options,
  env,
  clock,
  open,
  lookup,
  log = createLogger('silent'),
  holds,
  consoleFolder,
}: TestServerOptions = {}): Promise<TestServer> {
  // No test waits for the connections that it left open.
  const { config, folder } = await testConfig({ 'shutdown.timeout': '0', ...options })
  if (manifest !== undefined) await applyTo(config, manifest, env)
  const environment: Environment = {
    log,
    ...(clock && { clock }),
    ...(open && { open }),
    ...(lookup && { lookup }),
    ...(holds && { holds }),
    ...(consoleFolder !== undefined && { consoleFolder }),
  }
  let server: Server = await startServer(config, environment)
  return {
    issuer: config.issuer,
    admin: `https://localhost:${server.adminPort}`,
    config,
    folder,
    token: (form, headers = {}) =>
      fetch(`${config.issuer}/as/token.oauth2`, {
        method: 'POST',
        body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      }),
    apply: (changed, changedEnv) => applyTo(config, changed, changedEnv),
    audit: async (requestId) => {
      if (requestId === undefined) await until(() => isWritten(`https://localhost:${server.adminPort}`))
      return readAudit(config, requestId)
    },
    reload: (next) => server.reload(next),
    stopServer: () => server.stop(),
    startAgain: async () => {
      server = await startServer(config, environment)
    },
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Whether no event waits to be written. A server that has stopped has written all. */
const isWritten = (admin: string): Promise<boolean> =>
  scrape(admin).then(
    (metrics) => metrics.value('tessera_audit_events_waiting') === 0,
    () => true,
  )

/** Waits for the event of the request, which is written within a fraction of a second. */
async function readAudit(config: Config, requestId?: string | null): Promise<readonly StoredAuditEvent[]> {
  const store = await openStore(config.storage, systemClock, config.storageAccess)
  try {
    for (let attempt = 0; ; attempt += 1) {
      const events = await store.audit.listEvents({ limit: 1_000, requestId: requestId ?? undefined })
      if (events.length > 0 || attempt === 50) return events
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  } finally {
    await store.close()
  }
}
