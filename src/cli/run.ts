import cluster from 'node:cluster'
import { type Config, type Examined, requireConfig } from '../config/resolve.ts'
import { listenFault } from '../http/listen-fault.ts'
import { createLogger, type Logger } from '../observability/log.ts'
import { standardOutput } from '../platform/standard-streams.ts'
import { isSystemError } from '../platform/system-error.ts'
import { startPrimary } from '../server/primary.ts'
import { planReload } from '../server/reload/plan.ts'
import { watchFiles } from '../server/reload/watch.ts'
import { type Environment, type Server, startServer } from '../server/server.ts'
import { workersOf } from '../server/workers/count.ts'
import { linkToPrimary } from '../server/workers/primary-link.ts'
import { channelToPrimary, configFromPrimary, onPrimaryGone, reportReady } from '../server/workers/worker.ts'
import { explainDatabase } from '../store/problems.ts'
import { explain, print } from './output.ts'

/** The configuration that a server starts on. */
interface Starting {
  readonly config: Config
  /** Problems that don't stop the server; they are logged. */
  readonly warnings: readonly string[]
  /** Shows a link that makes the first account. It is called on a terminal only. By default, the link is shown at once. */
  readonly onSetUpLink?: (url: string) => void
}

/**
 * Starts a server of one or several processes. SIGTERM or SIGINT stops it; a second signal ends it at once.
 * @param readAgain reads the configuration at SIGHUP. Without it, SIGHUP ends the process, as when its terminal closes
 * @returns once the server listens
 */
export async function runServer(
  { config, warnings, onSetUpLink = showSetUpLink }: Starting,
  readAgain?: () => Examined,
): Promise<Server> {
  const log = createLogger(config.log.level)
  warn(log, warnings)
  const environment = { log, ...(standardOutput.isTerminal && { onSetUpLink }) }
  const starting = start(config, environment).catch((error: unknown) => {
    throw explainStart(error, config)
  })
  if (readAgain !== undefined) reloadAtChanges(starting, config, readAgain, log)
  const server = await starting
  stopAtSignals(server, log)
  return server
}

/** Explains a start that failed after the check passed, for example because another process has just taken the port. */
function explainStart(error: unknown, config: Config): unknown {
  const explained = explainDatabase(error, config.storage)
  if (explained !== error || !isSystemError(error)) return explained
  const isAbout = ({ host, port }: { readonly host: string; readonly port: number }): boolean =>
    ('port' in error && error.port === port) || ('hostname' in error && error.hostname === host)
  if (isAbout(config.runtime)) return listenFault('runtime', config.runtime, error)
  return isAbout(config.admin) ? listenFault('admin', config.admin, error) : explained
}

function warn(log: Logger, warnings: readonly string[]): void {
  for (const warning of warnings) log.warn(warning)
}

function start(config: Config, environment: Environment): Promise<Server> {
  const workers = workersOf(config)
  return workers === 1 ? startServer(config, environment) : startPrimary(config, { ...environment, workers })
}

/** Shows the link on a terminal, beside the log. */
const showSetUpLink = (url: string): void =>
  print(`Nobody can administer this server yet. Make the first account within 24 hours:\n\n  ${url}\n`)

/** Whether this process is a worker of a primary. */
export const isWorker = (): boolean => cluster.isWorker

/** Serves as a worker, with the configuration that the primary sends. */
export async function runWorker(): Promise<void> {
  // The primary handles SIGHUP, and sends its workers the configuration that it has read.
  process.on('SIGHUP', () => {})
  const channel = channelToPrimary()
  const started = Promise.withResolvers<Server>()
  try {
    const config = await configFromPrimary(channel, async (next) => (await started.promise).reload(next), explain)
    const log = createLogger(config.log.level)
    const server = await startServer(config, { log, primary: linkToPrimary(channel) }).catch((error: unknown) => {
      throw explainStart(error, config)
    })
    started.resolve(server)
    const stop = once(() => end(server, log))
    process.on('SIGTERM', stop)
    // Ctrl+C reaches all processes at once. A worker waits until the primary stops it.
    process.on('SIGINT', () => {})
    onPrimaryGone(stop)
    reportReady(channel)
  } catch (error) {
    channel.send({ kind: 'failed', message: explain(error) })
    process.exitCode = 1
    process.disconnect?.()
  }
}

/** Reloads at every SIGHUP and, if so configured, at every new certificate, one after another, once the server has started. */
function reloadAtChanges(starting: Promise<Server>, config: Config, readAgain: () => Examined, log: Logger): void {
  let current = config
  let reloading = starting.then(
    () => {},
    () => {},
  )
  const reloadNext = () => {
    reloading = reloading.then(async () => {
      current = await reload(await starting, current, readAgain, log)
    })
  }
  process.on('SIGHUP', reloadNext)
  if (config.tls.watch === 'off') return
  const files = ({ cert, key, client_ca }: Config['tls']) => [cert, key, client_ca].filter((path) => path !== undefined)
  watchFiles(() => files(current.tls), reloadNext)
}

/** @returns the configuration in force afterwards */
async function reload(server: Server, current: Config, readAgain: () => Examined, log: Logger): Promise<Config> {
  try {
    const examined = readAgain()
    const { config, changed, fixed } = planReload(current, requireConfig(examined))
    await server.reload(config)
    warn(log, examined.warnings)
    if (fixed.length > 0) log.warn({ options: fixed }, 'some changed options need a restart')
    log.info({ options: changed }, 'reloaded the configuration')
    return config
  } catch (error) {
    log.error(`reload failed, and the configuration stays as it was: ${explain(error)}`)
    return current
  }
}

function stopAtSignals(server: Server, log: Logger): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'shutting down')
      end(server, log)
    })
  }
}

function end(server: Server, log: Logger): void {
  server.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error({ err: error }, 'shut down uncleanly')
      process.exit(1)
    },
  )
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    work()
  }
}
