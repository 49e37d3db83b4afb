import type { Routes } from '../http/message.ts'
import { METRICS_TYPE, renderMetrics, type Snapshot } from '../observability/snapshot.ts'

/**
 * `/metrics`: the metrics of this process and its workers, in the text format of Prometheus.
 * @param measure takes a snapshot of each process
 */
export const metricsRoutes = (measure: () => Promise<readonly Snapshot[]>): Routes => ({
  '/metrics': {
    GET: async () => ({
      status: 200,
      headers: { 'Content-Type': METRICS_TYPE, 'Cache-Control': 'no-store' },
      body: await renderMetrics(await measure()),
    }),
  },
})
