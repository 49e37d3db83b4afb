import { GuessLimiter } from '../client-auth/throttle/limiter.ts'
import type { Config } from '../config/resolve.ts'
import { runtimeRoutes } from '../endpoints/routes.ts'
import { Traffic } from '../observability/traffic.ts'
import { gatherRefusals } from './audit.ts'
import { guessRoom } from './client-room.ts'
import { compose, type Foundation, type OwnParts, type Server } from './compose.ts'
import { problemsOf, readCondition } from './condition.ts'
import { openCredentials } from './credentials.ts'
import type { Environment } from './environment.ts'
import { listenForClients } from './listeners.ts'
import {
  meterByPath,
  readCredentials,
  readDirectory,
  readGuesses,
  readKeys,
  readServices,
  readUsage,
} from './metrics.ts'
import { keysSeen, openModel } from './model.ts'
import { createServices } from './services.ts'
import { openUsage } from './usage.ts'

export type { Environment, Server }

/** Starts a process that serves clients and APIs, alone or as a worker. Rejects, with nothing left open, if it can't start. */
export const startServer = (config: Config, environment: Environment): Promise<Server> =>
  compose({
    config,
    environment,
    role: environment.primary === undefined ? 'server' : 'worker',
    workers: 1,
    build: buildServer,
  })

async function buildServer({ dependencies, store, audit, tracing }: Foundation): Promise<OwnParts> {
  const { live, unreadable } = dependencies
  const model = await openModel(dependencies, store)
  const credentials = await openCredentials(dependencies, { store, audit })
  const gathered = gatherRefusals(dependencies, audit)
  const usage = openUsage(dependencies, store)
  const guesses = dependencies.primary?.guesses ?? new GuessLimiter(dependencies.clock, guessRoom())
  const services = createServices(dependencies, { model, credentials, guesses, audit: gathered, usage, tracing })
  const traffic = new Traffic()
  return {
    certificates: services.clientAuth.certificates,
    guesses,
    admin: { services, masterKey: model.masterKey, audit: gathered },
    keysSeen: () => keysSeen(model),
    problems: () => problemsOf(model),
    readings: [
      () => traffic.read(),
      () => readKeys(model, live.current),
      () => readDirectory(model),
      () => readCondition(model),
      () => unreadable.read(),
      () => readCredentials(credentials),
      () => readGuesses(guesses),
      () => readServices(services),
      () => readUsage(usage),
    ],
    serve: async () => {
      const listener = await listenForClients(dependencies, {
        routes: tracing.routes(runtimeRoutes(services)),
        services,
        certificateUse: model.certificateUse,
        meterFor: meterByPath(traffic, services.metadata.addresses),
      })
      return { runtimePort: listener.port, listeners: [listener] }
    },
  }
}
