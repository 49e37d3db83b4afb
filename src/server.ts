/** The only wiring: which parts there are, and who is handed what. May import anything. */

import { healthRoutes } from './admin/health.ts'
import { ownEvent } from './audit/own-event.ts'
import { AuditRecorder } from './audit/recorder.ts'
import { ChangeFeed } from './changes/feed.ts'
import type { Config } from './config/resolve.ts'
import { Directory } from './directory/directory.ts'
import { recordRefusal } from './endpoints/record.ts'
import { runtimeRoutes } from './endpoints/routes.ts'
import { type Listener, listen } from './http/listener.ts'
import type { Routes } from './http/message.ts'
import { TrustedProxies } from './http/proxies.ts'
import { Judge } from './introspection/verdict.ts'
import { KeySetConsumers } from './keys/consumers.ts'
import { Keyring } from './keys/keyring.ts'
import { MasterKey } from './keys/master-key.ts'
import { KeyRotation, keyDetail } from './keys/rotation.ts'
import { rotationPolicy } from './keys/schedule.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { Poller } from './platform/poller.ts'
import { type RandomBytes, systemRandom } from './platform/random.ts'
import { Revocations } from './revocation/revocations.ts'
import { SecretVerifier } from './secrets/verifier.ts'
import { openStore } from './store/open.ts'
import type { Logger } from './telemetry/log.ts'
import { algorithmsInUse } from './tokens/profile.ts'
import { Sealer, Unsealer } from './tokens/sealed.ts'

/** A server that listens. */
export interface Server {
  /** The ports it listens on; they differ from the configured ones where those are 0. */
  readonly runtimePort: number
  readonly adminPort: number
  /** Ends what is under way, writes what waits to be written, and closes. */
  stop(): Promise<void>
}

/** What the server takes from the world; a test may hold any of it. */
export interface World {
  readonly log: Logger
  readonly clock?: Clock
  readonly random?: RandomBytes
  readonly open?: typeof openStore
}

const DAY_MS = 24 * 3600 * 1000

/** Starts a server. Rejects, with nothing left open, when it can't. */
export async function startServer(config: Config, world: World): Promise<Server> {
  const { log, clock = systemClock, random = systemRandom, open = openStore } = world
  const store = await open(config.storage, clock)
  const opened: (() => Promise<void>)[] = [() => store.close()]
  try {
    const since = await store.changes.latestChange()
    const directory = await Directory.open(store.directory, { mostClients: config.cache.clients })
    const masterKey = new MasterKey(config.masterKey, random, config.previousMasterKey)
    const keyring = await Keyring.open(store.keys, masterKey)
    await store.revocations.noteLifetime(config.token.lifetime * 1000)
    const revocations = await Revocations.open(store.revocations, clock)

    const failing = (what: string) => (error: unknown) => log.error({ err: error }, `${what}; it is tried again`)
    const audit = new AuditRecorder({
      store: store.audit,
      clock,
      retention: config.audit.retention_days * DAY_MS,
      onError: failing('audit events could not be written'),
    })
    audit.start()
    opened.push(() => audit.close())

    const rotation = new KeyRotation({
      store: store.keys,
      keyring,
      masterKey,
      clock,
      algorithms: () => algorithmsInUse(directory.apis),
      policy: async () => rotationPolicy(config.keys, await store.revocations.longestLifetime()),
      onChange: (key) => audit.record(ownEvent('key.change', keyDetail(key), { clock, random })),
    })
    await rotation.run()

    const consumers = new KeySetConsumers(store.keys, clock)
    const pollers = [
      new ChangeFeed(store.changes, [directory, keyring], since, failing('changes could not be read')),
      new Poller(200, () => revocations.poll(), failing('revocations could not be read')),
      new Poller(250, () => rotation.run(), failing('keys could not be rotated')),
      new Poller(2_000, () => consumers.flush(), failing('who fetched the keys could not be written')),
      new Poller(60_000, () => revocations.prune(), failing('expired revocations could not be removed')),
    ]
    for (const poller of pollers) poller.start()
    opened.push(async () => {
      for (const poller of pollers) await poller.stop()
      await consumers.flush()
    })

    const recording = { audit, clock }
    const tokens = { issuer: config.issuer, keyring, clock }
    const verifier = { ...tokens, unsealer: new Unsealer() }
    const routes = runtimeRoutes({
      authenticator: { directory, verifier: new SecretVerifier(clock, random), clock },
      issuer: { ...tokens, defaultLifetime: config.token.lifetime, sealer: new Sealer(random) },
      judge: new Judge(verifier, revocations),
      verifier,
      revocations,
      recording,
      keys: { keyring, consumers, maxAge: config.keys.cache_max_age },
    })
    const health = { isDraining: false }
    const adminRoutes = healthRoutes({
      isDraining: () => health.isDraining,
      pingStorage: () => store.ping(),
      isAuditFull: () => audit.isFull,
    })

    const proxies = new TrustedProxies(config.runtime.trusted_proxies)
    const listenAt = (
      at: { readonly host: string; readonly port: number },
      served: Routes,
      tls: Config['certificate'],
    ) =>
      listen({
        ...at,
        routes: served,
        tls,
        proxies,
        onlyProxies: tls === undefined && served === routes,
        challenge: `Basic realm="${config.issuer}", charset="UTF-8"`,
        clock,
        random,
        onRefusal: (request, error) => recordRefusal(recording, request, 'request.refuse', undefined, error),
        onDefect: (error, requestId) => log.error({ err: error, request_id: requestId }, 'a request failed'),
      })
    const drained = (listener: Listener) => () => listener.drain(config.shutdown.timeout * 1000)

    const admin = await listenAt(config.admin, adminRoutes, config.certificate)
    opened.push(drained(admin))
    const runtime = await listenAt(config.runtime, routes, config.runtime.tls === 'on' ? config.certificate : undefined)
    opened.push(drained(runtime))

    return {
      runtimePort: runtime.port,
      adminPort: admin.port,
      stop: () => {
        health.isDraining = true
        return closeAll(opened)
      },
    }
  } catch (error) {
    await closeAll(opened)
    throw error
  }
}

/** Closes in the reverse order of opening; what fails to close keeps nothing else from closing. */
async function closeAll(opened: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of opened.toReversed()) await close().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw new AggregateError(failures, 'the server did not close cleanly')
}
