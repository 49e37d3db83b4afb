import { z } from 'zod'
import { deleteApi } from '../../management/apis/delete.ts'
import { apiEffect } from '../../management/apis/effect.ts'
import { apiSorts, listApis } from '../../management/apis/list.ts'
import { scopeEffect } from '../../management/apis/scope-effect.ts'
import { mayOver, ownersFor } from '../../management/authority/authority.ts'
import { deleteClient } from '../../management/clients/delete.ts'
import { clientEffect } from '../../management/clients/effect.ts'
import { maySee } from '../../management/clients/show.ts'
import { credentialEffect } from '../../management/credentials/effect.ts'
import { iso } from '../../platform/clock.ts'
import { apiAnswer, apiBody, ofApi, ofScope } from './apis.ts'
import { clientBody, ofClient } from './clients.ts'
import { ofCredential } from './credentials.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { issuedBody, lately, latelyBody, usedApis, uses, usesBody } from './effects.ts'
import { flag, manifestFilter, manifestParameters, place } from './listing.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'
import { takeOverQuery } from './take-over.ts'

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
      apis: usedApis.describe('The APIs for which it may get tokens, with the tokens of the last week.'),
      credentials: z.int(),
      groups: z.array(z.string()),
      ...uses,
      ...lately,
    }),
    example: { path, answer: { apis: [{ audience: api.audience, issued: 240 }], credentials: 2, groups: [] } },
    run: async (context, { path: { client_id: id } }) => {
      const { apis, credentials, groups, ...rest } = await clientEffect(context.management, id)
      const issued = await issuedBody(context, { client: id })
      const possible = apis.map((audience) => ({ audience, issued: issued.get(audience) ?? 0 }))
      const recent = await latelyBody(context, { client: id })
      return { body: { apis: possible, credentials, groups, ...usesBody(rest), ...recent }, state: null }
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
      ...lately,
    }),
    example: { path: api, answer: { clients: { count: 1, is_more: false, some: ['billing'] } } },
    run: async (context, { path: { audience } }) => {
      const { clients, some, ...rest } = await apiEffect(context.management, audience)
      const referring = { count: clients.count, is_more: clients.isMore, some }
      const recent = await latelyBody(context, { api: audience })
      return { body: { clients: referring, ...usesBody(rest), ...recent }, state: null }
    },
  }),
  operation({
    id: 'scopes.effect',
    method: 'GET',
    path: '/apis/{audience}/scopes/{scope}/effect',
    summary: 'Show which clients lose a scope of an API if it is taken away',
    access: 'apis:read',
    ...ofScope,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      common: z.boolean().describe('Whether all clients may have it, besides those that are counted.'),
      groups: z.array(z.string()).describe('The groups of scopes that contain it.'),
      clients: z.strictObject({
        count: z.int(),
        is_more: z.boolean(),
        some: z.array(
          z.strictObject({
            client_id: z.string(),
            given: z.array(z.string()).describe('The settings that give it the scope.'),
            last_used: uses.last_used,
          }),
        ),
      }),
      last_used: uses.last_used.describe('The last token with the scope, among the last thousand of the API.'),
    }),
    example: {
      path: { ...api, scope: 'read' },
      answer: { common: false, groups: [], clients: { count: 0, is_more: false, some: [] } },
    },
    run: async ({ management }, { path: { audience, scope: name } }) => {
      const { isCommon, groups, clients, some, lastUsedAt } = await scopeEffect(management, { audience, name })
      const losing = some.map(({ id, sources, lastUsedAt: at }) => ({
        client_id: id,
        given: sources,
        last_used: iso(at),
      }))
      return {
        body: {
          common: isCommon,
          groups,
          clients: { count: clients.count, is_more: clients.isMore, some: losing },
          last_used: iso(lastUsedAt),
        },
        state: null,
      }
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
      apis: usedApis.describe('The APIs for which it got tokens in the last week.'),
      ...uses,
      ...lately,
    }),
    example: {
      path: { ...path, credential: 'first' },
      answer: { id: '01931a8e-0000-7000-8000-000000000001', is_last: false, apis: [] },
    },
    run: async (context, { path: { client_id: client, credential: name } }) => {
      const { credential, isLast, ...rest } = await credentialEffect(context.management, { client, name })
      const used = { client, credential }
      const apis = [...(await issuedBody(context, used))].map(([audience, issued]) => ({ audience, issued }))
      const recent = await latelyBody(context, used)
      return { body: { id: credential, is_last: isLast, apis, ...usesBody(rest), ...recent }, state: null }
    },
  }),
]
