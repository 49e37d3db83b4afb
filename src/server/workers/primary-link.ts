import type { AuditSink } from '../../audit/sink.ts'
import type { Guesses } from '../../client-auth/throttle/guesses.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemRandom } from '../../platform/random.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'
import { RemoteAudit } from './remote-audit.ts'
import { RemoteCondition } from './remote-condition.ts'
import { RemoteGuesses } from './remote-guesses.ts'
import { RemoteMetrics } from './remote-metrics.ts'

/** A worker's access to the objects that the primary keeps for all workers. */
export interface PrimaryLink {
  readonly audit: AuditSink
  readonly guesses: Guesses
  readonly metrics: Pick<RemoteMetrics, 'offer'>
  readonly condition: Pick<RemoteCondition, 'tell'>
}

export const linkToPrimary = (channel: Channel<FromWorker, FromPrimary>): PrimaryLink => ({
  audit: new RemoteAudit(channel, { clock: systemClock, random: systemRandom }),
  guesses: new RemoteGuesses(channel),
  metrics: new RemoteMetrics(channel),
  condition: new RemoteCondition(channel),
})
