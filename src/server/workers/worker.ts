import { fromPlainConfig } from '../../config/plain.ts'
import type { Config } from '../../config/resolve.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** How often a worker tells that it is alive. Milliseconds. */
const ALIVE_EVERY_MS = 1_000

/** The channel of this process to its primary. */
export const channelToPrimary = (): Channel<FromWorker, FromPrimary> => ({
  send: (message) => {
    process.send?.(message)
  },
  onMessage: (take) => {
    process.on('message', take)
  },
})

/** Calls `stop` when the primary has ended, since a worker must not continue without it. */
export const onPrimaryGone = (stop: () => void): void => {
  process.once('disconnect', stop)
}

/** Tells the primary that this worker listens, and from then on that it is alive. */
export function reportReady(channel: Channel<FromWorker, FromPrimary>): void {
  channel.send({ kind: 'ready' })
  setInterval(() => channel.send({ kind: 'alive' }), ALIVE_EVERY_MS).unref()
}

/**
 * Asks the primary for the configuration.
 * @param onNext puts a later configuration in force. The primary learns of its success or its error
 * @param explain explains an error in one line
 */
export function configFromPrimary(
  channel: Channel<FromWorker, FromPrimary>,
  onNext: (config: Config) => Promise<void>,
  explain: (error: unknown) => string,
): Promise<Config> {
  return new Promise((resolve) => {
    let isFirst = true
    channel.onMessage((message) => {
      if (message.kind !== 'config') return
      const config = fromPlainConfig(message.config)
      if (isFirst) {
        isFirst = false
        resolve(config)
        return
      }
      onNext(config).then(
        () => channel.send({ kind: 'reloaded' }),
        (error: unknown) => channel.send({ kind: 'reloaded', problem: explain(error) }),
      )
    })
    channel.send({ kind: 'starting' })
  })
}
