import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { eventAsJson } from '../../audit/event-json.ts'
import { auditEventTypes } from '../../audit/event-types.ts'
import { type EventPlace, LONGEST_VALUE, MOST_VALUES } from '../../audit/query.ts'
import { verifyAudit } from '../../management/audit/verify.ts'
import { ownersFor, requireEverywhere } from '../../management/authority/authority.ts'
import { REST_MS } from '../../platform/clean-up.ts'
import { iso } from '../../platform/clock.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const text = z.string().min(1).max(LONGEST_VALUE)
const texts = z.array(text).max(MOST_VALUES).optional()
const moment = z.iso.datetime({ offset: true, error: 'must be a time such as 2030-01-01T00:00:00Z' }).optional()

const filters = {
  since: moment.describe('Events at this time or later.'),
  until: moment.describe('Events before this time.'),
  client: texts,
  owner: texts.describe('Events of the clients that these groups own.'),
  type: z.array(z.enum(auditEventTypes)).optional(),
  result: z.enum(['success', 'refused']).optional(),
  reason: texts.describe('The reasons of refusals.'),
  actor: text.optional().describe('The name of an account, an administrator or a client that acted.'),
  request_id: text.optional(),
  credential: text.optional(),
  api: text.optional().describe('The audience of an API.'),
} as const

const storedFields = z.record(z.string(), z.unknown()).nullable()

const changedThing = z.looseObject({
  thing: z.string(),
  id: z.string(),
  name: z.string().optional(),
  client: z.string().optional(),
  before: storedFields.describe('The fields that differ; null if the event made the thing.'),
  after: storedFields.describe('The fields that differ; null if the event removed the thing.'),
})

const event = z
  .looseObject({
    seq: z.int(),
    time: z.iso.datetime(),
    type: z.string(),
    result: z.string(),
    request_id: z.string(),
    reason: z.string().optional(),
    client_id: z.string().optional(),
    remote_address: z.string().optional(),
    trace_id: z.string().optional(),
    detail: z.record(z.string(), z.unknown()).optional(),
    actor: z.looseObject({ kind: z.string(), way: z.string() }).optional(),
    changes: z.looseObject({ things: z.array(changedThing), others: z.int() }).optional(),
  })
  .describe('An audit event (see docs/operating/audit.md).')

const verification = z.strictObject({
  events: z.int(),
  chains: z.int(),
  checkpoints: z.int(),
  removed: z.int().describe('Places that retention has removed with a signature.'),
  uncovered: z.int().describe('Events that a checkpoint has yet to sign.'),
  unchained: z.int().describe('Events from before there were chains. They can not be verified.'),
  keys: z.array(z.string()).describe('The trusted keys, by thumbprint; the one in use is the last.'),
  faults: z.array(
    z.strictObject({
      problem: z.string(),
      chain: z.int().optional(),
      place: z.int().optional(),
      seq: z.int().optional(),
      at: z.number().optional().describe('Milliseconds, as the event says.'),
    }),
  ),
  fault_count: z.int().describe('The number of faults, those included that are not listed.'),
  last_checkpoint: z.iso.datetime().optional(),
})

const eventPlace: z.ZodType<EventPlace> = z.union([
  z.strictObject({ before: z.number() }),
  z.strictObject({ after: z.number() }),
])

const example = {
  seq: 4711,
  time: '2026-11-26T08:00:00.000Z',
  type: 'client.change',
  result: 'success',
  client_id: 'billing',
  request_id: '01931a8e-0000-7000-8000-000000000001',
  detail: { enabled: false },
  actor: { kind: 'administrator', name: 'alice', via: 'password', way: 'api' },
} as const

interface Asked extends Partial<z.output<z.ZodObject<typeof filters>>> {}

/** @param seen the owners whose clients the caller may see */
const filterOf = (asked: Asked, seen: ReturnType<typeof ownersFor>) => ({
  since: asked.since === undefined ? undefined : Date.parse(asked.since),
  until: asked.until === undefined ? undefined : Date.parse(asked.until),
  clientIds: asked.client,
  owners: seen === 'all' ? asked.owner : (asked.owner?.filter((owner) => seen.includes(owner)) ?? seen),
  types: asked.type,
  result: asked.result,
  reasons: asked.reason,
  actor: asked.actor,
  requestId: asked.request_id,
  credential: asked.credential,
  audience: asked.api,
})

export const auditOperations = [
  operation({
    id: 'audit.list',
    method: 'GET',
    path: '/audit/events',
    summary: 'List audit events, the newest first',
    access: 'audit:read',
    ...noParameters,
    query: z.strictObject({ ...filters, ...pageParameters }),
    ...noBody,
    answer: z.strictObject({ items: z.array(event), next: z.string().optional() }),
    commands: ['audit list'],
    example: { query: { type: 'client.change' }, answer: { items: [example] } },
    run: async ({ management, cursors }, { query }) => {
      const page = pageOf(cursors, 'audit', query, eventPlace)
      const { events, older } = await management.store.audit.queryEvents({
        ...filterOf(query, ownersFor(management.authority, 'audit:read')),
        limit: page.limit,
        from: page.after,
      })
      return { body: page.body({ entries: events.map(eventAsJson), next: older }), state: null }
    },
  }),
  operation({
    id: 'audit.follow',
    method: 'GET',
    path: '/audit/new-events',
    summary: 'List the audit events since a cursor, the oldest first; ask again with the next cursor',
    access: 'audit:read',
    ...noParameters,
    query: z.strictObject({ ...filters, ...pageParameters }),
    ...noBody,
    answer: z.strictObject({ items: z.array(event), next: z.string() }),
    commands: ['audit tail'],
    example: { answer: { items: [example], next: 'kxL0…' } },
    run: async ({ management, cursors }, { query }) => {
      const page = pageOf(cursors, 'new-events', query, z.int())
      const filter = { ...filterOf(query, ownersFor(management.authority, 'audit:read')), limit: page.limit }
      // Without a cursor, it begins at the end: nothing before is new.
      const from = page.after === undefined ? undefined : { after: page.after }
      const { events, newer } = await management.store.audit.queryEvents({ ...filter, from, settled: true })
      const entries = from === undefined ? [] : events.toReversed().map(eventAsJson)
      return { body: page.body({ entries, next: newer.after }), state: null }
    },
  }),
  operation({
    id: 'audit.verify',
    method: 'POST',
    path: '/audit/verify',
    summary: 'Verify the chains and checkpoints of the audit log',
    access: 'audit:read',
    ...noParameters,
    ...noQuery,
    body: z.strictObject({ key: z.string().max(256).optional().describe('The thumbprint of the only trusted key.') }),
    answer: verification,
    isKept: false,
    example: {
      body: {},
      answer: {
        events: 4711,
        chains: 2,
        checkpoints: 12,
        removed: 0,
        uncovered: 3,
        unchained: 0,
        keys: ['mBsTwUpBjSDsHZaXH7SxHd4YJc5vGVvWhJ4P2xUfW0E'],
        faults: [],
        fault_count: 0,
        last_checkpoint: '2026-11-26T08:00:00.000Z',
      },
    },
    run: async ({ management, keys }, { body: { key } }) => {
      requireEverywhere(management.authority, 'audit:read')
      const { faultCount, lastCheckpointAt, ...rest } = await verifyAudit(await keys(), {
        key,
        rest: () => sleep(REST_MS),
      })
      const at = iso(lastCheckpointAt)
      return { body: { ...rest, fault_count: faultCount, last_checkpoint: at }, state: null }
    },
  }),
]
