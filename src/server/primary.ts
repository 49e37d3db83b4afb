import { healthRoutes } from '../admin/health.ts'
import { metricsRoutes } from '../admin/metrics.ts'
import { CertificateCheck } from '../client-auth/certificates/check.ts'
import { GuessLimiter } from '../client-auth/throttle/limiter.ts'
import type { Config } from '../config/resolve.ts'
import { reservePort } from '../http/listener.ts'
import { DatabaseCalls } from '../observability/database-calls.ts'
import { Metrics } from '../observability/metrics.ts'
import { one } from '../observability/readings.ts'
import { openAudit } from './audit.ts'
import { Closers, Departure } from './closers.ts'
import { listenForAdmin } from './listeners.ts'
import { readAudit, readBuild, readCertificate, readConnections, readGuesses } from './metrics.ts'
import { noteLifetimes } from './model.ts'
import { warnOfSample } from './sample.ts'
import type { Server } from './server.ts'
import { logStart } from './started.ts'
import { Workers } from './workers/primary.ts'
import { meansOf, type World } from './world.ts'

/** Starts workers, and keeps what they have in common. Rejects, with nothing left running, when one can't start. */
export async function startPrimary(config: Config, world: World & { readonly workers: number }): Promise<Server> {
  const means = meansOf(config, world)
  const closers = new Closers()
  try {
    const calls = new DatabaseCalls(means.clock.monotonic)
    const store = calls.counted(await means.open(config.storage, means.clock, config.storageAccess))
    closers.add(() => store.close())
    await store.requireGrants()
    await warnOfSample(config, store, means.log)
    closers.add(store.startUpkeep())
    for (const warning of store.warnings()) means.log.warn(warning)
    const audit = openAudit(config, store, means, closers)
    await noteLifetimes(config, store, means.live)
    const certificates = new CertificateCheck(config.clientAuthorities, means.clock)
    // What a worker could not put in force is to be known before any of them has.
    means.live.follow((next) => certificates.prepareAuthorities(next.clientAuthorities))
    const guesses = new GuessLimiter(means.clock)
    const runtimePort = await reservePort(config.runtime)
    const workers = new Workers({
      config: { ...config, runtime: { ...config.runtime, port: runtimePort } },
      workers: world.workers,
      audit,
      guesses,
      log: means.log,
      stopTimeout: config.shutdown.timeout * 1000,
    })
    const metrics = new Metrics('primary', [
      () => readBuild(config),
      () => readCertificate(means.live.current),
      () => calls.read(),
      () => readConnections(store),
      () => readAudit(audit),
      () => readGuesses(guesses),
      () => ({
        tessera_workers_configured: one(workers.configured),
        tessera_workers_ready: one(workers.ready),
        tessera_workers_ended_total: one(workers.ended),
      }),
    ])
    const departure = new Departure()
    const adminRoutes = {
      ...metricsRoutes(async () => [await metrics.snapshot(), ...(await workers.metrics.snapshots())]),
      ...healthRoutes({
        isDraining: () => departure.isAnnounced,
        pingStorage: () => store.ping(),
        clock: means.clock,
        isAuditFull: () => audit.isFull,
        isWithoutWorkers: () => workers.ready === 0,
        problems: async () => workers.problems,
      }),
    }
    const adminPort = await listenForAdmin(config, adminRoutes, means, closers)
    closers.add(() => workers.stop())
    await workers.start()
    closers.add(() => departure.announce(means.live.current.shutdown))
    logStart(means.log, config, { runtimePort, adminPort, workers: world.workers })
    return {
      runtimePort,
      adminPort,
      reload: async (next) => {
        await means.live.reload(next)
        await workers.reload({ ...next, runtime: { ...next.runtime, port: runtimePort } })
      },
      stop: () => closers.closeAll(),
    }
  } catch (error) {
    // What then fails to close as well says less.
    await closers.closeAll().catch(() => {})
    throw error
  }
}
