import type { HttpRequest, Routes } from '../http/message.ts'
import { METRICS_TYPE, renderMetrics, type Snapshot } from '../observability/snapshot.ts'

/**
 * `/metrics`: the metrics of this process and its workers, in the text format of Prometheus.
 * @param measure takes a snapshot of each process @param admit throws a Refusal if the request may not read them
 */
export const metricsRoutes = (
  measure: () => Promise<readonly Snapshot[]>,
  admit: (request: HttpRequest) => Promise<void>,
): Routes => ({
  '/metrics': {
    GET: async (request) => {
      await admit(request)
      return {
        status: 200,
        headers: { 'Content-Type': METRICS_TYPE, 'Cache-Control': 'no-store' },
        body: await renderMetrics(await measure()),
      }
    },
  },
})
