import { GuessLimiter } from '../client-auth/throttle/limiter.ts'
import type { Config } from '../config/resolve.ts'
import { reservePort } from '../http/listener.ts'
import { one } from '../observability/readings.ts'
import { gatherRefusals } from './audit.ts'
import { guessRoom } from './client-room.ts'
import { compose, type Foundation, type OwnParts, type Server } from './compose.ts'
import { openCredentials } from './credentials.ts'
import type { Environment } from './environment.ts'
import { readGuesses } from './metrics.ts'
import { keysSeen, openModel } from './model.ts'
import { createServices } from './services.ts'
import { openUsage } from './usage.ts'
import { WorkerPool } from './workers/pool.ts'

/** Starts workers, and the objects that they share. Rejects, with nothing left running, if one can't start. */
export const startPrimary = (
  config: Config,
  { workers, ...environment }: Environment & { readonly workers: number },
): Promise<Server> =>
  compose({
    config,
    environment,
    role: 'primary',
    workers,
    build: (foundation) => buildPrimary(foundation, workers),
  })

async function buildPrimary(
  { dependencies, store, audit, tracing }: Foundation,
  configured: number,
): Promise<OwnParts> {
  const { config, clock, log, shutdown } = dependencies
  // The admin API answers from the model, and tries token requests out as a worker answers them.
  const model = await openModel(dependencies, store)
  const guesses = new GuessLimiter(clock, guessRoom())
  const gathered = gatherRefusals(dependencies, audit)
  const services = createServices(dependencies, {
    model,
    credentials: await openCredentials(dependencies, { store, audit }),
    guesses,
    audit: gathered,
    usage: openUsage(dependencies, store),
    tracing,
  })
  const runtimePort = await reservePort(config.runtime)
  const onPort = (next: Config): Config => ({ ...next, runtime: { ...next.runtime, port: runtimePort } })
  const workers = new WorkerPool({
    config: onPort(config),
    workers: configured,
    audit,
    guesses,
    log,
    stopTimeout: config.shutdown.timeout * 1000,
  })
  return {
    // The primary validates a new configuration, so that either all workers put it in force, or none.
    certificates: services.clientAuth.certificates,
    guesses,
    admin: { services, masterKey: model.masterKey, audit: gathered },
    keysSeen: () => keysSeen(model),
    problems: async () => workers.problems,
    isWithoutWorkers: () => workers.ready === 0,
    readings: [
      () => readGuesses(guesses),
      () => ({
        tessera_workers_configured: one(workers.configured),
        tessera_workers_ready: one(workers.ready),
        tessera_workers_ended_total: one(workers.ended),
      }),
    ],
    snapshots: () => workers.metrics.snapshots(),
    serve: async () => {
      shutdown.add(() => workers.stop())
      await workers.start()
      return { runtimePort, listeners: [], reload: (next) => workers.reload(onPort(next)) }
    },
  }
}
