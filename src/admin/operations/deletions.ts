import { z } from 'zod'
import { deleteApi } from '../../management/apis/delete.ts'
import { apiEffect } from '../../management/apis/effect.ts'
import { apiSorts, listApis } from '../../management/apis/list.ts'
import { mayOver, ownersFor } from '../../management/authority/authority.ts'
import { deleteClient } from '../../management/clients/delete.ts'
import { clientEffect } from '../../management/clients/effect.ts'
import { maySee } from '../../management/clients/show.ts'
import { credentialEffect } from '../../management/credentials/effect.ts'
import { iso } from '../../platform/clock.ts'
import { apiAnswer, apiBody, ofApi } from './apis.ts'
import { clientBody, ofClient } from './clients.ts'
import { ofCredential } from './credentials.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { flag, manifestFilter, manifestParameters, place } from './listing.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'
import { takeOverQuery } from './take-over.ts'

const moment = z.iso.datetime().optional()

const uses = {
  last_used: moment.describe('When it was last used; missing if it never was.'),
  last_address: z.string().optional().describe('The address of the last token request that the audit log still has.'),
  tokens_until: moment.describe('Until when APIs that verify tokens themselves may accept them.'),
} as const

const path = { client_id: 'billing' } as const
const api = { audience: 'https://api.example.com' } as const

/** The things that can't be undone, and what they would end. */
export const deletionOperations = [
  operation({
    id: 'clients.effect',
    method: 'GET',
    path: '/clients/{client_id}/effect',
    summary: 'Show what ends with a client',
    access: 'clients:read',
    ...ofClient,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      apis: z.array(z.string()),
      credentials: z.int(),
      groups: z.array(z.string()),
      ...uses,
    }),
    example: { path, answer: { apis: [api.audience], credentials: 2, groups: [] } },
    run: async ({ management }, { path: { client_id: id } }) => {
      const { apis, credentials, groups, lastUsedAt, lastAddress, tokensUntil } = await clientEffect(management, id)
      const body = { apis, credentials, groups, ...usesBody({ lastUsedAt, lastAddress, tokensUntil }) }
      return { body, state: null }
    },
  }),
  operation({
    id: 'clients.delete',
    method: 'DELETE',
    path: '/clients/{client_id}',
    summary: 'Delete a client for good, with its credentials and tokens',
    access: 'clients:delete',
    ...ofClient,
    ...takeOverQuery,
    ...noBody,
    status: 204,
    isConditional: true,
    commands: ['clients delete'],
    example: { path },
    run: async ({ management, precondition }, { path: { client_id: id }, query }) => {
      const check: Parameters<typeof deleteClient>[1]['check'] = (before) =>
        refuseStale(precondition, clientBody(before), maySee(management, before))
      await deleteClient(management, { id, takeOver: query.take_over, check })
      return {}
    },
  }),
  operation({
    id: 'apis.list',
    method: 'GET',
    path: '/apis',
    summary: 'List APIs',
    access: 'apis:read',
    ...noParameters,
    query: z.strictObject({
      search: z.string().min(1).max(256).optional().describe('The beginning of the audience or of the name.'),
      owner: z.array(z.string().min(1).max(256)).max(1_000).optional(),
      no_owner: flag.optional(),
      ...manifestParameters,
      sort: z.enum(apiSorts).default('audience'),
      order: z.enum(['asc', 'desc']).default('asc'),
      ...pageParameters,
    }),
    ...noBody,
    answer: z.strictObject({ items: z.array(apiAnswer), next: z.string().optional() }),
    commands: ['apis list'],
    example: { query: { owner: 'orders' }, answer: { items: [] } },
    run: async ({ management, cursors }, { query }) => {
      const page = pageOf(cursors, 'apis', query, place)
      const { items, next } = await listApis(management, ownersFor(management.authority, 'apis:read'), {
        filter: {
          search: query.search,
          owners: query.owner,
          hasNoOwner: query.no_owner ? true : undefined,
          ...manifestFilter(query),
        },
        sort: query.sort,
        isDescending: query.order === 'desc',
        after: page.after,
        most: page.limit,
      })
      return { body: page.body({ entries: items.map(apiBody), next }), state: null }
    },
  }),
  operation({
    id: 'apis.effect',
    method: 'GET',
    path: '/apis/{audience}/effect',
    summary: 'Show what ends with an API',
    access: 'apis:read',
    ...ofApi,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      clients: z.strictObject({ count: z.int(), is_more: z.boolean(), some: z.array(z.string()) }),
      ...uses,
    }),
    example: { path: api, answer: { clients: { count: 1, is_more: false, some: ['billing'] } } },
    run: async ({ management }, { path: { audience } }) => {
      const { clients, some, lastUsedAt, tokensUntil } = await apiEffect(management, audience)
      const referring = { count: clients.count, is_more: clients.isMore, some }
      const body = { clients: referring, ...usesBody({ lastUsedAt, lastAddress: undefined, tokensUntil }) }
      return { body, state: null }
    },
  }),
  operation({
    id: 'apis.delete',
    method: 'DELETE',
    path: '/apis/{audience}',
    summary: 'Delete an API for good, and end its tokens',
    access: 'apis:delete',
    ...ofApi,
    query: takeOverQuery.query.extend({
      with_grants: flag.optional().describe('Take it out of the clients that refer to it. Without this, they keep it.'),
    }),
    ...noBody,
    answer: z.strictObject({ changed_clients: z.int() }),
    isConditional: true,
    commands: ['apis delete'],
    example: { path: api, query: { with_grants: 'true' }, answer: { changed_clients: 2 } },
    run: async ({ management, precondition }, { path: { audience }, query }) => {
      const check: Parameters<typeof deleteApi>[1]['check'] = (before) => {
        const owner = 'problem' in before ? undefined : before.owner
        refuseStale(precondition, apiBody(before), mayOver(management.authority, 'apis:read', owner))
      }
      const { with_grants: withGrants = false, take_over: takeOver } = query
      const changed = await deleteApi(management, { audience, withGrants, takeOver, check })
      return { body: { changed_clients: changed }, state: null }
    },
  }),
  operation({
    id: 'credentials.effect',
    method: 'GET',
    path: '/clients/{client_id}/credentials/{credential}/effect',
    summary: 'Show what ends with a credential',
    access: 'clients:read',
    ...ofCredential,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      id: z.string(),
      is_last: z.boolean().describe('Whether the client has no other valid credential.'),
      ...uses,
    }),
    example: {
      path: { ...path, credential: 'first' },
      answer: { id: '01931a8e-0000-7000-8000-000000000001', is_last: false },
    },
    run: async ({ management }, { path: { client_id: client, credential: name } }) => {
      const { credential, isLast, ...rest } = await credentialEffect(management, { client, name })
      return { body: { id: credential, is_last: isLast, ...usesBody(rest) }, state: null }
    },
  }),
]

const usesBody = ({
  lastUsedAt,
  lastAddress,
  tokensUntil,
}: {
  readonly lastUsedAt: number | undefined
  readonly lastAddress: string | undefined
  readonly tokensUntil: number | undefined
}) => ({ last_used: iso(lastUsedAt), last_address: lastAddress, tokens_until: iso(tokensUntil) })
