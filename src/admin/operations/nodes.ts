import { z } from 'zod'
import { requireEverywhere } from '../../management/authority/authority.ts'
import type { ListedNode } from '../../nodes/list.ts'
import { iso } from '../../platform/clock.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const milliseconds = z.number().describe('Milliseconds.')

const node = z.strictObject({
  id: z.string().describe('Random; a server that starts again has another.'),
  host: z.string().describe('The name of the machine.'),
  version: z.string().describe('The version of Tessera.'),
  started_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime().describe('The last time at which the node stored its state, by its own clock.'),
  workers: z.int().describe('The processes that serve.'),
  config_digest: z
    .string()
    .describe(
      'A digest of the options, without addresses, files and secrets. It differs if two nodes run with others.',
    ),
  change_lag_ms: z
    .int()
    .describe('Milliseconds of changes that the node may have missed; 0 within the second that every change takes.'),
  keys_seen: z.array(z.string()).describe('The ids of the pending, active and retiring keys that the node can use.'),
  is_this: z.boolean().describe('Whether the node is the one that answers.'),
  status: z
    .enum(['ok', 'stale', 'unavailable'])
    .describe('`stale`: no state for 35 seconds. `unavailable`: it should get no requests.'),
  reasons: z.array(z.string()).optional().describe('Why the status is not `ok`.'),
  requests: z
    .strictObject({
      per_minute: z.int(),
      latency_ms: z
        .strictObject({ p50: milliseconds, p95: milliseconds, p99: milliseconds })
        .optional()
        .describe('The times of answering, estimated from a histogram. Absent if there was no request.'),
    })
    .describe('The requests to endpoints of OAuth in the last minute, of all workers.'),
})

const toBody = (listed: ListedNode): z.output<typeof node> => ({
  id: listed.id,
  host: listed.host,
  version: listed.version,
  started_at: iso(listed.startedAt),
  last_seen_at: iso(listed.lastSeenAt),
  workers: listed.workers,
  config_digest: listed.configDigest,
  change_lag_ms: listed.changeLag,
  keys_seen: [...listed.keysSeen],
  is_this: listed.isThis,
  status: listed.status,
  ...(listed.reasons.length > 0 && { reasons: [...listed.reasons] }),
  requests: {
    per_minute: listed.requests.perMinute,
    ...(listed.requests.latency && { latency_ms: listed.requests.latency }),
  },
})

/** The servers that share the database. */
export const nodeOperations = [
  operation({
    id: 'nodes.list',
    method: 'GET',
    path: '/nodes',
    summary: 'List the servers that share the database, with their state and load',
    access: 'settings:read',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(node) }),
    commands: ['nodes list'],
    example: {
      answer: {
        items: [
          {
            id: 'c3dWm1l0aVQ2yB9k',
            host: 'auth-1',
            version: '1.0.0',
            started_at: '2030-01-01T00:00:00.000Z',
            last_seen_at: '2030-01-01T08:00:00.000Z',
            workers: 4,
            config_digest: '5f1d7a84db00d2fc',
            change_lag_ms: 0,
            keys_seen: ['Zk3vF0aQy1w'],
            is_this: true,
            status: 'ok',
            requests: { per_minute: 1_200, latency_ms: { p50: 0.62, p95: 1.4, p99: 3.1 } },
          },
        ],
      },
    },
    run: async ({ server, management }) => {
      requireEverywhere(management.authority, 'settings:read')
      return { body: { items: (await server.nodes()).map(toBody) }, state: null }
    },
  }),
]
