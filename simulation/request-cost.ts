import type { Constants } from './constants.ts'
import type { Service } from './formulas.ts'
import { ISSUING, type Plan } from './plan.ts'

/** Seconds of a core that one request takes. */
export interface RequestCost {
  /** At a worker, by kind of request. */
  readonly service: Service
  /** At the primary of the node; part of `service` where one process does both. */
  readonly primary: number
}

const SECONDS = 1e-6

/**
 * The cost of each request of a plan: the measured cost, plus TLS, several processes, and clients that are not in memory.
 * @param hit the part of the requests whose client is in memory
 */
export function requestCost(
  plan: Plan,
  { cpu_us, tls_us, channel_us, rows, assumed }: Constants,
  hit: number,
): RequestCost {
  const several = plan.coresPerNode > 1
  // The bench has one process, which writes its own events: where a primary does, that moves there.
  const recording = several ? channel_us.worker - rows.audit_append_us : 0
  const extra = connectionCost(plan, tls_us) + recording + (1 - hit) * rows.client_load_us
  const requests = 1 + plan.introspections
  const kinds = [
    ...ISSUING.map((kind) => ({ share: plan.mix[kind] / requests, mean: (cpu_us[kind] + extra) * SECONDS })),
    { share: plan.introspections / requests, mean: (cpu_us.introspection + extra) * SECONDS },
  ]
  return {
    service: { kinds: kinds.filter(({ share }) => share > 0), cv: assumed.service_cv },
    primary: several ? (channel_us.primary + rows.audit_append_us) * SECONDS : 0,
  }
}

/** Microseconds for each request. */
function connectionCost({ requestsPerConnection, resumed }: Plan, tls: Constants['tls_us']): number {
  if (requestsPerConnection === 0) return 0
  const handshake = resumed * tls.resumed_handshake + (1 - resumed) * tls.full_handshake
  return 2 * tls.record + (tls.tcp_connection + handshake) / requestsPerConnection
}
