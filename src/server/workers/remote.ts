import { systemClock } from '../../platform/clock.ts'
import { systemRandom } from '../../platform/random.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'
import { RemoteAudit } from './remote-audit.ts'
import { RemoteCondition } from './remote-condition.ts'
import { RemoteGuesses } from './remote-guesses.ts'
import { RemoteMetrics } from './remote-metrics.ts'

/** What a worker has in common with the others, and asks its primary for. */
export function sharedBy(channel: Channel<FromWorker, FromPrimary>) {
  return {
    audit: new RemoteAudit(channel, { clock: systemClock, random: systemRandom }),
    guesses: new RemoteGuesses(channel),
    metrics: new RemoteMetrics(channel),
    condition: new RemoteCondition(channel),
  }
}
