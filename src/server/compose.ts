import { problemPages } from '../admin/api/problem-pages.ts'
import { readBundle } from '../admin/console/bundle.ts'
import { consoleEndpoints } from '../admin/console/routes.ts'
import { type Health, healthRoutes, Readiness } from '../admin/health.ts'
import { metricsRoutes } from '../admin/metrics.ts'
import { pageRoutes } from '../admin/pages/routes.ts'
import type { AuditSink } from '../audit/sink.ts'
import type { CertificateCheck } from '../client-auth/certificates/check.ts'
import type { Guesses } from '../client-auth/throttle/guesses.ts'
import type { Config } from '../config/resolve.ts'
import { DatabaseCalls } from '../observability/database-calls.ts'
import { Metrics } from '../observability/metrics.ts'
import type { Role } from '../observability/process.ts'
import type { Readings } from '../observability/readings.ts'
import type { Snapshot } from '../observability/snapshot.ts'
import { type Tracing, untraced } from '../observability/tracing.ts'
import type { Store } from '../store/tables/sql-store.ts'
import { type AdminParts, openAdminApi } from './admin.ts'
import { openAudit } from './audit.ts'
import { openExports, readExports } from './audit-export.ts'
import { type Dependencies, type Environment, resolveDependencies } from './environment.ts'
import { listenForAdmin, type RunningListener } from './listeners.ts'
import type { ManifestKeeper } from './manifest/keeper.ts'
import { readAudit, readBuild, readCertificate, readCheckpoints, readConnections, readRetention } from './metrics.ts'
import { type OwnNode, openNode } from './nodes.ts'
import { offerSetUp, openPeople } from './people.ts'
import { warnOfSample } from './sample.ts'
import { notesOf, readManifest, serveManifest } from './served-manifest.ts'
import { Drain } from './shutdown.ts'
import { logStart } from './started.ts'
import { openTracing } from './tracing.ts'
import { keepUsageBounded } from './usage.ts'
import type { PrimaryLink } from './workers/primary-link.ts'

/** How often a worker checks its condition and tells the primary. Milliseconds. */
const CONDITION_EVERY_MS = 250

/** A server that listens. */
export interface Server {
  /** The port for clients. It differs from the configured port if that is 0. */
  readonly runtimePort: number
  /** 0 if another process listens for administrators. */
  readonly adminPort: number
  /**
   * Puts another configuration in force, and cuts no connection.
   * @param next the current configuration with the options that may change, as `planReload` makes it
   * @throws UserError if it can't be put in force; nothing has changed then
   */
  reload(next: Config): Promise<void>
  /** Finishes running requests, writes waiting data, and closes. */
  stop(): Promise<void>
}

/** The parts that every process has. */
export interface Foundation {
  readonly dependencies: Dependencies
  readonly store: Store
  readonly audit: AuditSink
  readonly tracing: Tracing
}

/** The parts that differ between a process that serves by itself and a primary of workers. */
export interface OwnParts extends Pick<Health, 'problems' | 'isWithoutWorkers'> {
  readonly certificates: Pick<CertificateCheck, 'prepareAuthorities'>
  readonly guesses: Guesses
  readonly readings: readonly (() => Readings)[]
  readonly admin: AdminParts
  /** The ids of the keys that can be used. */
  readonly keysSeen: () => readonly string[]
  /** The measurements of the workers. */
  readonly snapshots?: () => Promise<readonly Snapshot[]>
  /** Begins to serve clients and APIs. */
  serve(): Promise<Serving>
}

interface Serving {
  readonly runtimePort: number
  readonly listeners: readonly RunningListener[]
  /** Makes the workers put another configuration in force. */
  reload?(next: Config): Promise<void>
}

interface Composition {
  readonly config: Config
  readonly environment: Environment
  readonly role: Role
  /** The number of processes that serve. */
  readonly workers: number
  /** Makes the parts that only this kind of process has. */
  readonly build: (foundation: Foundation) => Promise<OwnParts>
}

/** Starts a process of any role. Rejects, with nothing left open, if it can't start. */
export async function compose({ config, environment, role, workers, build }: Composition): Promise<Server> {
  const dependencies = resolveDependencies(config, environment)
  const { live, log, shutdown, primary } = dependencies
  try {
    const tracing = role === 'primary' ? untraced : await openTracing(dependencies)
    const calls = new DatabaseCalls(dependencies.clock.monotonic)
    const store = await openStorage(dependencies, { tracing, calls })
    const { audit, checkpoints } =
      primary === undefined ? await openAudit(dependencies, store) : { audit: primary.audit, checkpoints: undefined }
    const retention = primary === undefined ? keepUsageBounded(dependencies, store) : undefined
    const exports = primary === undefined ? openExports(dependencies, store) : []
    // The files come first, so that the parts load what they say.
    const keeper = primary === undefined ? await serveManifest(dependencies, store) : undefined
    const parts = await build({ dependencies, store, audit, tracing })
    const metrics = new Metrics(role, [
      () => readBuild(config),
      () => readCertificate(live.current),
      () => calls.read(),
      () => readConnections(store),
      () => readAudit(audit),
      () => readRetention(retention),
      () => (checkpoints === undefined ? {} : readCheckpoints(checkpoints)),
      () => readExports(exports, config.audit.retention_days),
      () => readManifest(keeper),
      ...parts.readings,
    ])
    const drain = new Drain()
    if (primary !== undefined) reportTo(primary, dependencies, { metrics, parts })
    const admin =
      primary === undefined
        ? await openAdmin(dependencies, { store, audit, metrics, drain, parts, keeper, workers })
        : undefined
    const { runtimePort, listeners, reload } = await parts.serve()
    await admin?.node.begin()
    const adminPort = admin?.listener.port ?? 0
    if (primary === undefined) {
      shutdown.add(() => drain.announce(live.current.shutdown))
      logStart(log, config, { runtimePort, adminPort, workers })
    }
    const running = {
      log,
      revocations: store.revocations,
      certificates: parts.certificates,
      listeners: admin === undefined ? listeners : [admin.listener, ...listeners],
    }
    return {
      runtimePort,
      adminPort,
      reload: async (next) => {
        await live.reload(next, running)
        await reload?.(next)
        keeper?.compareSoon()
        await admin?.node.beat()
      },
      stop: () => shutdown.close(),
    }
  } catch (error) {
    // The first error is the one to report.
    await shutdown.close().catch(() => {})
    throw error
  }
}

/** Opens the database. A worker leaves its upkeep, and warnings about it, to the primary. */
async function openStorage(
  dependencies: Dependencies,
  { tracing, calls }: { readonly tracing: Tracing; readonly calls: DatabaseCalls },
): Promise<Store> {
  const { config, clock, log, open, primary, shutdown } = dependencies
  const store = tracing.parts('database', calls.counted(await open(config.storage, clock, config.storageAccess)))
  shutdown.add(() => store.close())
  if (primary !== undefined) return store
  await store.requireGrants()
  await warnOfSample(dependencies, store)
  shutdown.add(store.startUpkeep())
  for (const warning of store.warnings()) log.warn(warning)
  return store
}

interface Reported {
  readonly metrics: Metrics
  readonly parts: OwnParts
}

/** Makes a worker report its metrics and its problems to the primary. */
function reportTo(
  { metrics: remote, condition }: PrimaryLink,
  { onFailure, repeat }: Dependencies,
  { metrics, parts }: Reported,
): void {
  remote.offer(() => metrics.snapshot(), onFailure('metrics could not be sent to the primary'))
  repeat({
    every: CONDITION_EVERY_MS,
    work: async () => condition.tell(await parts.problems()),
    failure: 'the condition of this worker could not be reported',
  })
}

interface Administered extends Reported {
  readonly store: Store
  readonly audit: AuditSink
  readonly drain: Drain
  readonly keeper: ManifestKeeper | undefined
  readonly workers: number
}

interface Administering {
  readonly listener: RunningListener
  readonly node: OwnNode
}

/** Opens the admin listener, with metrics and health. */
async function openAdmin(
  dependencies: Dependencies,
  { store, audit, metrics, drain, parts, keeper, workers }: Administered,
): Promise<Administering> {
  const { problems, isWithoutWorkers, snapshots, admin, guesses, keysSeen } = parts
  const people = openPeople(dependencies, { ...admin, store, guesses })
  const readiness = new Readiness({
    isDraining: () => drain.isAnnounced,
    pingStorage: () => store.ping(),
    clock: dependencies.clock,
    isAuditFull: () => audit.isFull,
    problems,
    notes: () => notesOf(keeper),
    ...(isWithoutWorkers && { isWithoutWorkers }),
  })
  const measure = async () => [await metrics.snapshot(), ...((await snapshots?.()) ?? [])]
  const node = openNode(dependencies, store, { workers, keysSeen, problems: () => readiness.problems(), measure })
  const { findEndpoints, admitToMetrics } = openAdminApi(dependencies, store, {
    ...admin,
    people,
    problems: () => readiness.problems(),
    node,
    keeper,
  })
  const routes = {
    ...pageRoutes(people),
    ...metricsRoutes(measure, admitToMetrics),
    ...healthRoutes(readiness),
    ...problemPages,
  }
  const findPage = consoleEndpoints(people, readBundle(dependencies.consoleFolder))
  const listener = await listenForAdmin(dependencies, routes, (path) => findEndpoints(path) ?? findPage(path))
  await offerSetUp(people, dependencies)
  return { listener, node }
}
