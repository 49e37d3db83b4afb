import { z } from 'zod'
import { usageOfCredentials } from '../../management/usage/credentials.ts'
import { readTotals, readUsage, type UsageRow } from '../../management/usage/read.ts'
import { topUsage } from '../../management/usage/top.ts'
import { listWasteful } from '../../management/usage/wasteful.ts'
import type { UsageWindow } from '../../management/usage/window.ts'
import { Audience, ClientId, CredentialId } from '../../oauth/ids.ts'
import { DAY_MS, iso } from '../../platform/clock.ts'
import type { CallContext } from './call-context.ts'
import { ofClient } from './clients.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { noBody, noParameters, operation } from './operation.ts'

const moment = z.iso.datetime({ offset: true, error: 'must be a time such as 2030-01-01T00:00:00Z' })
const id = z.string().min(1).max(1_024)

/** The parameters of every question about usage. */
const windowParameters = {
  resolution: z.enum(['minute', 'hour', 'day']).default('hour'),
  since: moment.optional().describe('By default, a day before `until`.'),
  until: moment.optional().describe('By default, now.'),
} as const

const filterParameters = {
  client: id.optional(),
  api: id.optional().describe('The audience of the API.'),
  credential: id.optional().describe('The id of the credential.'),
  owner: id.optional(),
} as const

type Asked = z.output<z.ZodObject<typeof windowParameters>> & Partial<z.output<z.ZodObject<typeof filterParameters>>>

function windowOf({ management: { clock } }: CallContext, asked: Asked): UsageWindow {
  const until = asked.until === undefined ? clock.now() : Date.parse(asked.until)
  return {
    resolution: asked.resolution,
    since: asked.since === undefined ? until - DAY_MS : Date.parse(asked.since),
    until,
    filter: {
      ...(asked.client !== undefined && { clients: [ClientId(asked.client)] }),
      ...(asked.owner !== undefined && { owners: [asked.owner] }),
      ...(asked.api !== undefined && { api: Audience(asked.api) }),
      ...(asked.credential !== undefined && { credential: CredentialId(asked.credential) }),
    },
  }
}

const totals = {
  issued: z.int(),
  refused: z.int(),
  reasons: z.record(z.string(), z.int()).describe('The refused requests, by reason.'),
  token_seconds: z.number().describe('The sum of the lifetimes of the issued tokens.'),
} as const

const row = z.strictObject({ key: z.string().describe('The interval, client, API or credential.'), ...totals })

const rowBody = ({ key, issued, refused, reasons, tokenSeconds }: UsageRow) => ({
  key,
  issued,
  refused,
  reasons: Object.fromEntries(reasons),
  token_seconds: tokenSeconds,
})

const wasteful = z.strictObject({
  client_id: z.string(),
  api: z.string(),
  issued: z.int(),
  lifetime: z.number().describe('The average lifetime of the tokens, in seconds.'),
  needed: z.number().describe('The tokens that one process needs if it keeps each until it expires.'),
  ratio: z.number(),
  alive: z.number().describe('The tokens that were alive at the same time, at least.'),
  remedy: z.string(),
})

const ofCredential = z.strictObject({
  credential: z.string(),
  label: z.string(),
  kind: z.string(),
  replaces: z.string().optional(),
  ...totals,
  share: z.number().optional().describe("The share of the client's tokens, if it got any."),
  last_issued: z.iso.datetime().optional(),
})

const example = {
  key: 'billing',
  issued: 240,
  refused: 2,
  reasons: { wrong_secret: 2 },
  token_seconds: 864_000,
} as const

export const usageOperations = [
  operation({
    id: 'usage.list',
    method: 'GET',
    path: '/usage',
    summary: 'Show issued tokens and refused requests, by time, client, API or credential',
    access: 'usage:read',
    ...noParameters,
    query: z.strictObject({
      by: z.enum(['time', 'client', 'api', 'credential']).default('time'),
      ...windowParameters,
      ...filterParameters,
      ...pageParameters,
    }),
    ...noBody,
    answer: z.strictObject({
      items: z.array(row),
      next: z.string().optional(),
      totals: z.strictObject(totals).optional().describe('The totals of the whole time, on the first page.'),
    }),
    commands: ['usage'],
    example: { query: { by: 'client', resolution: 'day' }, answer: { items: [example] } },
    run: async (context, { query }) => {
      const page = pageOf(context.cursors, 'usage', query, z.string())
      const window = windowOf(context, query)
      const { rows, next } = await readUsage(context.management, {
        ...window,
        by: query.by,
        after: page.after,
        limit: page.limit,
      })
      const { key: _, ...sums } = rowBody({ key: '', ...(await readTotals(context.management, window)) })
      const body = page.body({ entries: rows.map(rowBody), next })
      return { body: page.after === undefined ? { ...body, totals: sums } : body, state: null }
    },
  }),
  operation({
    id: 'usage.top',
    method: 'GET',
    path: '/usage/top',
    summary: 'Show the clients or APIs with the most tokens or refused requests',
    access: 'usage:read',
    ...noParameters,
    query: z.strictObject({
      of: z.enum(['client', 'api']).default('client'),
      by: z.enum(['issued', 'refused']).default('issued'),
      ...windowParameters,
      ...filterParameters,
      limit: pageParameters.limit,
    }),
    ...noBody,
    answer: z.strictObject({ items: z.array(row) }),
    commands: ['usage'],
    example: { query: { of: 'client' }, answer: { items: [example] } },
    run: async (context, { query: { of, by, limit = 20, ...asked } }) => {
      const rows = await topUsage(context.management, { ...windowOf(context, asked), of, by, limit })
      return { body: { items: rows.map(rowBody) }, state: null }
    },
  }),
  operation({
    id: 'usage.wasteful',
    method: 'GET',
    path: '/usage/wasteful',
    summary: 'List the clients that fetch a token for each call instead of keeping it',
    access: 'usage:read',
    ...noParameters,
    query: z.strictObject({ ...windowParameters, ...filterParameters, limit: pageParameters.limit }),
    ...noBody,
    answer: z.strictObject({ items: z.array(wasteful) }),
    commands: ['usage'],
    example: { answer: { items: [] } },
    run: async (context, { query: { limit = 100, ...asked } }) => {
      const found = await listWasteful(context.management, { ...windowOf(context, asked), limit })
      return { body: { items: found.map(({ client, ...rest }) => ({ client_id: client, ...rest })) }, state: null }
    },
  }),
  operation({
    id: 'usage.credentials',
    method: 'GET',
    path: '/clients/{client_id}/usage',
    summary: "Show the usage of each of a client's credentials",
    access: 'usage:read',
    ...ofClient,
    query: z.strictObject(windowParameters),
    ...noBody,
    answer: z.strictObject({ items: z.array(ofCredential) }),
    commands: ['usage'],
    example: { path: { client_id: 'billing' }, answer: { items: [] } },
    run: async (context, { path: { client_id: client }, query }) => {
      const { resolution, since, until } = windowOf(context, query)
      const found = await usageOfCredentials(context.management, { client, resolution, since, until })
      const items = found.map(({ credential: { id, label, kind, replaces }, share, lastIssuedAt, ...sums }) => {
        const { key: credential, ...rest } = rowBody({ key: id, ...sums })
        return {
          credential,
          label,
          kind,
          replaces: replaces?.id,
          ...rest,
          share,
          last_issued: iso(lastIssuedAt),
        }
      })
      return { body: { items }, state: null }
    },
  }),
]
