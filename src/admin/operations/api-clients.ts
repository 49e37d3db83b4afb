import { z } from 'zod'
import { apiClients } from '../../management/apis/clients.ts'
import { iso } from '../../platform/clock.ts'
import { ofApi } from './apis.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { uses } from './effects.ts'
import { flag } from './listing.ts'
import { noBody, operation } from './operation.ts'

const example = {
  path: { audience: 'https://api.example.com' },
  answer: {
    items: [
      {
        client_id: 'billing',
        name: 'Billing',
        enabled: true,
        scopes: [{ name: 'read', given_by: 'own', last_used: '2026-11-26T08:00:00.000Z' }],
        default_scopes: [],
        last_used: '2026-11-26T08:00:00.000Z',
      },
    ],
  },
} as const

/** The clients that may get tokens for an API. */
export const apiClientOperations = [
  operation({
    id: 'apis.clients',
    method: 'GET',
    path: '/apis/{audience}/clients',
    summary: 'List the clients that hold scopes of an API',
    access: 'clients:read',
    ...ofApi,
    query: z.strictObject({
      common: flag.optional().describe('Also clients that have nothing but the common scopes of the API.'),
      ...pageParameters,
    }),
    ...noBody,
    answer: z.strictObject({
      items: z.array(
        z.strictObject({
          client_id: z.string(),
          name: z.string().optional(),
          enabled: z.boolean(),
          scopes: z.array(
            z.strictObject({
              name: z.string(),
              given_by: z
                .enum(['own', 'group', 'common'])
                .describe(
                  'Its own scopes or grants, a group of scopes that it has, or the API, which gives it to all clients.',
                ),
              last_used: uses.last_used.describe('Its last token with the scope, among the last thousand of the API.'),
            }),
          ),
          default_scopes: z.array(z.string()),
          last_used: uses.last_used.describe('Its last token for the API, among the last thousand of it.'),
        }),
      ),
      next: z
        .string()
        .optional()
        .describe(
          'The cursor of the next page. A page reads at most ten thousand clients, so it may have no items and yet a next one.',
        ),
    }),
    example,
    run: async (context, { path: { audience }, query }) => {
      const page = pageOf(context.cursors, `clients of ${audience}`, query, z.string())
      const { clients, next } = await apiClients(context.management, {
        audience,
        withCommon: query.common === true,
        after: page.after ?? '',
        most: page.limit,
      })
      const entries = clients.map(({ id, name, enabled, scopes, defaultScopes, lastUsedAt }) => {
        return {
          client_id: id,
          name,
          enabled,
          scopes: scopes.map((scope) => ({
            name: scope.name,
            given_by: scope.giver,
            last_used: iso(scope.lastUsedAt),
          })),
          default_scopes: defaultScopes,
          last_used: iso(lastUsedAt),
        }
      })
      return { body: page.body({ entries, next }), state: null }
    },
  }),
]
