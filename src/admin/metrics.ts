import type { Routes } from '../http/message.ts'
import { METRICS_TYPE, renderMetrics, type Snapshot } from '../observability/snapshot.ts'

/**
 * `/metrics`: what a monitoring system asks for every few seconds.
 * @param measure what the processes that serve as one have measured by then
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
