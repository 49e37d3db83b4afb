/** What administrators and orchestrators are served, on a listener of its own. May import `http`, `telemetry`. */

import type { Endpoint, Routes } from '../http/message.ts'
import { json } from '../http/respond.ts'

/** What readiness depends on. */
export interface Health {
  readonly isDraining: () => boolean
  /** Rejects where the database does not answer. */
  readonly pingStorage: () => Promise<void>
  readonly isAuditFull: () => boolean
  /** Other reasons why it can't answer as it should, one line each. */
  readonly problems: () => Promise<readonly string[]>
  /** Where several processes serve as one. */
  readonly isWithoutWorkers?: () => boolean
}

/** `/healthz`: the process answers. `/readyz`: it should be sent requests, and if not, why not. */
export function healthRoutes(health: Health): Routes {
  const alive: Endpoint = () => json(200, { status: 'ok' })
  const ready: Endpoint = async () => {
    const [isAnswered, problems] = await Promise.all([answers(health.pingStorage), health.problems()])
    const reasons = [
      health.isDraining() && 'the server is shutting down',
      !isAnswered && 'the database does not answer',
      health.isAuditFull() && 'audit events wait for the database',
      health.isWithoutWorkers?.() === true && 'no worker listens',
      ...problems,
    ].filter((reason) => reason !== false)
    return reasons.length === 0 ? json(200, { status: 'ok' }) : json(503, { status: 'unavailable', reasons })
  }
  return { '/healthz': { GET: alive }, '/readyz': { GET: ready } }
}

const answers = (ping: () => Promise<void>): Promise<boolean> =>
  ping().then(
    () => true,
    () => false,
  )
