import { healthRoutes } from '../admin/health.ts'
import { metricsRoutes } from '../admin/metrics.ts'
import type { Config } from '../config/resolve.ts'
import { runtimeRoutes } from '../endpoints/routes.ts'
import { DatabaseCalls } from '../observability/database-calls.ts'
import { Metrics } from '../observability/metrics.ts'
import { Traffic } from '../observability/traffic.ts'
import { gatherRefusals, openAudit } from './audit.ts'
import { Closers, Departure } from './closers.ts'
import { problemsOf, readCondition } from './condition.ts'
import { openCredentials } from './credentials.ts'
import { listenForAdmin, listenForClients } from './listeners.ts'
import {
  meterByPath,
  readAudit,
  readBuild,
  readCertificate,
  readConnections,
  readCredentials,
  readDirectory,
  readGuesses,
  readKeys,
  readServices,
} from './metrics.ts'
import { openModel } from './model.ts'
import { warnOfSample } from './sample.ts'
import { createServices } from './services.ts'
import { logStart } from './started.ts'
import { openTracing } from './tracing.ts'
import { meansOf, repeat, type World } from './world.ts'

export type { World }

/** How often a worker checks its condition and tells the primary. Milliseconds. */
const TOLD_EVERY_MS = 250

/** A server that listens. */
export interface Server {
  /** The ports it listens on; they differ from the configured ones where those are 0. */
  readonly runtimePort: number
  /** 0 where another process listens for administrators. */
  readonly adminPort: number
  /**
   * Puts another configuration in force, cutting no connection.
   * @param next the one before with what can change of another, as `planReload` makes it
   * @throws UserError where it can't be put in force, having changed nothing
   */
  reload(next: Config): Promise<void>
  /** Ends what is under way, writes what waits to be written, and closes. */
  stop(): Promise<void>
}

/** Starts a server. Rejects, with nothing left open, when it can't. */
export async function startServer(config: Config, world: World): Promise<Server> {
  const means = meansOf(config, world)
  const closers = new Closers()
  try {
    const calls = new DatabaseCalls(means.clock.monotonic)
    const tracing = await openTracing(config, means, closers)
    const opened = calls.counted(await means.open(config.storage, means.clock, config.storageAccess))
    const store = tracing.parts('database', opened)
    closers.add(() => store.close())
    if (means.shared === undefined) {
      await store.requireGrants()
      await warnOfSample(config, store, means.log)
      closers.add(store.startUpkeep())
      for (const warning of store.warnings()) means.log.warn(warning)
    }
    const audit = means.shared?.audit ?? openAudit(config, store, means, closers)
    const model = await openModel(config, store, means, closers)
    const credentials = await openCredentials(store, means, audit, closers)
    const services = createServices(config, model, credentials, means, gatherRefusals(audit, means, closers), tracing)

    const traffic = new Traffic()
    const metrics = new Metrics(means.shared === undefined ? 'server' : 'worker', [
      () => readBuild(config),
      () => readCertificate(means.live.current),
      () => traffic.read(),
      () => calls.read(),
      () => readConnections(store),
      () => readAudit(audit),
      () => readKeys(model, means.live.current),
      () => readDirectory(model),
      () => readCondition(model),
      () => means.unreadable.read(),
      () => readCredentials(credentials),
      () => readGuesses(services.clientAuth.guesses),
      () => readServices(services),
    ])
    const measure = () => metrics.snapshot()
    means.shared?.metrics.offer(measure, means.failing('what is measured could not be told'))
    const { shared } = means
    if (shared !== undefined) {
      const tell = async () => shared.condition.tell(await problemsOf(model))
      repeat(closers, means, TOLD_EVERY_MS, tell, 'the condition of this worker could not be reported')
    }
    const departure = new Departure()
    const adminRoutes = {
      ...metricsRoutes(async () => [await measure()]),
      ...healthRoutes({
        isDraining: () => departure.isAnnounced,
        pingStorage: () => store.ping(),
        clock: means.clock,
        isAuditFull: () => audit.isFull,
        problems: () => problemsOf(model),
      }),
    }
    const adminPort = means.shared === undefined ? await listenForAdmin(config, adminRoutes, means, closers) : 0
    const runtimePort = await listenForClients(
      config,
      tracing.routes(runtimeRoutes(services)),
      services,
      model.certificateUse,
      means,
      closers,
      meterByPath(traffic),
    )
    if (means.shared === undefined) {
      closers.add(() => departure.announce(means.live.current.shutdown))
      logStart(means.log, config, { runtimePort, adminPort, workers: 1 })
    }
    return {
      runtimePort,
      adminPort,
      reload: (next) => means.live.reload(next),
      stop: () => closers.closeAll(),
    }
  } catch (error) {
    // What then fails to close as well says less.
    await closers.closeAll().catch(() => {})
    throw error
  }
}
