import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { type Config, type Examined, requireConfig } from '../config/resolve.ts'
import { listenFault } from '../http/listen-fault.ts'
import { createLogger, type Logger } from '../observability/log.ts'
import { isSystemError } from '../platform/system-error.ts'
import { startPrimary } from '../server/primary.ts'
import { planReload } from '../server/reload/plan.ts'
import { type Server, startServer } from '../server/server.ts'
import { linkToPrimary } from '../server/workers/primary-link.ts'
import { channelToPrimary, configFromPrimary, onPrimaryGone } from '../server/workers/worker.ts'
import { explainDatabase } from '../store/problems.ts'
import { explain } from './output.ts'

/** The configuration that a server starts on. */
interface Starting {
  readonly config: Config
  /** Problems that don't stop the server; they are logged. */
  readonly warnings: readonly string[]
}

/**
 * Starts a server, of one process or several, that stops at SIGTERM or SIGINT; a second signal ends it at once.
 * @param readAgain reads the configuration at SIGHUP; without, that ends the process, as when its terminal closes
 * @returns once it listens
 */
export async function runServer({ config, warnings }: Starting, readAgain?: () => Examined): Promise<Server> {
  const log = createLogger(config.log.level)
  warn(log, warnings)
  const starting = start(config, log).catch((error: unknown) => {
    throw explainStart(error, config)
  })
  if (readAgain !== undefined) reloadAtSignals(starting, config, readAgain, log)
  const server = await starting
  stopAtSignals(server, log)
  return server
}

/** Explains a start that failed after the check passed, for example because another process has just taken the port. */
function explainStart(error: unknown, config: Config): unknown {
  const explained = explainDatabase(error, config.storage)
  if (explained !== error || !isSystemError(error)) return explained
  const port = 'port' in error ? error.port : undefined
  const isAdmins = port === config.admin.port && port !== config.runtime.port
  return isAdmins ? listenFault('admin', config.admin, error) : listenFault('runtime', config.runtime, error)
}

function warn(log: Logger, warnings: readonly string[]): void {
  for (const warning of warnings) log.warn(warning)
}

function start(config: Config, log: Logger): Promise<Server> {
  const workers = config.workers === 'auto' ? availableParallelism() : config.workers
  return workers === 1 ? startServer(config, { log }) : startPrimary(config, { log, workers })
}

/** Whether this process is one of several that serve as one, and not the one that keeps them. */
export const isWorker = (): boolean => cluster.isWorker

/** Serves as one of several, by what the primary says. */
export async function runWorker(): Promise<void> {
  // The primary passes on what it has read then.
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
    // A terminal sends it to all processes at once; the primary says when it is time.
    process.on('SIGINT', () => {})
    onPrimaryGone(stop)
    channel.send({ kind: 'ready' })
  } catch (error) {
    channel.send({ kind: 'failed', message: explain(error) })
    process.exitCode = 1
    process.disconnect?.()
  }
}

/** SIGHUP, however often it comes, and be it while the server starts: one at a time. */
function reloadAtSignals(starting: Promise<Server>, config: Config, readAgain: () => Examined, log: Logger): void {
  let reloading = starting.then(
    (): Config => config,
    () => config,
  )
  process.on('SIGHUP', () => {
    reloading = reloading.then(async (current) => reload(await starting, current, readAgain, log))
  })
}

/** @returns the configuration that is in force then */
async function reload(server: Server, current: Config, readAgain: () => Examined, log: Logger): Promise<Config> {
  try {
    const examined = readAgain()
    const { config, changed, fixed } = planReload(current, requireConfig(examined))
    await server.reload(config)
    warn(log, examined.warnings)
    if (fixed.length > 0) log.warn({ options: fixed }, 'options changed that only a restart puts in force')
    log.info({ options: changed }, 'the configuration was read again')
    return config
  } catch (error) {
    log.error(`the configuration was read again, and stays as it was: ${explain(error)}`)
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
