import { z } from 'zod'
import { inLines, type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { type Column, printTable } from './table.ts'
import type { TargetOptions } from './target.ts'

interface NodesOptions extends OutputOptions, TargetOptions {}

const node = z.looseObject({
  host: z.string(),
  version: z.string(),
  started_at: z.string(),
  last_seen_at: z.string(),
  workers: z.int(),
  config_digest: z.string(),
  change_lag_ms: z.int(),
  status: z.string(),
  reasons: z.array(z.string()).optional(),
  requests: z.looseObject({ per_minute: z.int() }),
})

/** `tessera nodes list`: prints the servers that share the database, and why any of them should get no requests. */
export const nodesList = (options: NodesOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const { items } = await target.call('nodes.list', {}, z.looseObject({ items: z.array(node) }))
    show(options, { data: items, asText: inLines, forPeople: () => printTable(items, columns) })
  })

const columns: readonly Column<z.output<typeof node>>[] = [
  { heading: 'HOST', of: ({ host }) => host, isWhole: true },
  { heading: 'VERSION', of: ({ version }) => version, isWhole: true },
  { heading: 'STATUS', of: ({ status, reasons = [] }) => [status, ...reasons].join(': ') },
  { heading: 'WORKERS', of: ({ workers }) => workers },
  { heading: 'REQUESTS/MIN', of: ({ requests }) => requests.per_minute },
  { heading: 'BEHIND', of: ({ change_lag_ms: lag }) => (lag === 0 ? undefined : `${lag} ms`) },
  { heading: 'CONFIG', of: ({ config_digest: digest }) => digest },
  { heading: 'STARTED', of: ({ started_at: at }) => at, kind: 'time' },
  { heading: 'SEEN', of: ({ last_seen_at: at }) => at, kind: 'time' },
]
