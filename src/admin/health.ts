import type { Endpoint, Routes } from '../http/message.ts'
import { json } from '../http/respond.ts'
import type { Clock } from '../platform/clock.ts'
import { StorageProbe } from './storage-probe.ts'

/** The conditions of readiness. */
export interface Health {
  readonly isDraining: () => boolean
  /** Writes to the database as requests do. Rejects if the database does not accept the write. */
  readonly pingStorage: () => Promise<void>
  readonly clock: Clock
  readonly isAuditFull: () => boolean
  /** Other reasons why the server can't answer as it should, one line each. */
  readonly problems: () => Promise<readonly string[]>
  /** Whether no worker listens. Only a primary has this check. */
  readonly isWithoutWorkers?: () => boolean
  /** Things to know that keep nobody from sending requests, one line each. */
  readonly notes?: () => readonly string[]
}

/** Finds out whether the server should get requests. */
export class Readiness {
  readonly #health: Health
  readonly #storage: StorageProbe

  constructor(health: Health) {
    this.#health = health
    this.#storage = new StorageProbe(health.pingStorage, health.clock)
  }

  /** The reasons why the server should get no requests. The list is empty if it is ready. */
  async problems(): Promise<readonly string[]> {
    const health = this.#health
    const [takesWrites, problems] = await Promise.all([this.#storage.takesWrites(), health.problems()])
    return [
      health.isDraining() && 'the server is shutting down',
      !takesWrites && 'the database does not accept writes',
      health.isAuditFull() && 'audit events wait for the database',
      health.isWithoutWorkers?.() === true && 'no worker listens',
      ...problems,
    ].filter((reason) => reason !== false)
  }

  get notes(): readonly string[] {
    return this.#health.notes?.() ?? []
  }
}

/** `/healthz` says that the process answers. `/readyz` says whether to send it requests, and if not, why not. */
export function healthRoutes(readiness: Readiness): Routes {
  const alive: Endpoint = () => json(200, { status: 'ok' })
  const ready: Endpoint = async () => {
    const reasons = await readiness.problems()
    const { notes } = readiness
    const more = notes.length === 0 ? {} : { notes }
    return reasons.length === 0
      ? json(200, { status: 'ok', ...more })
      : json(503, { status: 'unavailable', reasons, ...more })
  }
  return { '/healthz': { GET: alive }, '/readyz': { GET: ready } }
}
