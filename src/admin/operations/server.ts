import { z } from 'zod'
import { requireEverywhere } from '../../management/authority/authority.ts'
import { permissionNames } from '../../management/authority/permissions.ts'
import { groupPermissions } from '../../model/group.ts'
import { NotFound } from '../../platform/user-error.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const me = z.strictObject({
  actor: z.looseObject({ kind: z.string() }).describe('The caller, as audit events name it.'),
  permissions: z.array(z.enum(permissionNames)).describe('The permissions over everything.'),
  groups: z
    .array(z.strictObject({ name: z.string(), permissions: z.array(z.enum(groupPermissions)) }))
    .describe('The permissions over what groups own.'),
})

const health = z.strictObject({
  status: z.enum(['ok', 'unavailable']),
  reasons: z.array(z.string()).optional().describe('Why the server should get no requests.'),
})

const tenant = z.strictObject({ tenant: z.string(), issuer: z.string() })

/** The server itself: its callers, configuration, health and tenants. */
export const serverOperations = [
  operation({
    id: 'me.show',
    method: 'GET',
    path: '/me',
    summary: 'Show who you are, and what you may do',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: me,
    commands: ['whoami'],
    example: {
      answer: {
        actor: { kind: 'client', client_id: 'deployer', way: 'api' },
        permissions: ['clients:read', 'clients:write'],
        groups: [{ name: 'payments', permissions: ['view', 'rotate'] }],
      },
    },
    run: async ({ management: { actor, authority } }) => ({
      body: {
        actor: actor.kind === 'client' ? { kind: actor.kind, client_id: actor.clientId, way: actor.way } : actor,
        permissions: permissionNames.filter((name) => authority.everywhere.has(name)),
        groups: [...authority.within].map(([name, permissions]) => ({ name, permissions: [...permissions] })),
      },
      state: null,
    }),
  }),
  operation({
    id: 'settings.show',
    method: 'GET',
    path: '/settings',
    summary: 'Show the configuration in force, without secrets',
    access: 'settings:read',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.record(z.string(), z.unknown()).describe('The options, by the names of the configuration file.'),
    example: { answer: { issuer: 'https://auth.example.com', token: { lifetime: 14_400 } } },
    run: async ({ server, management }) => {
      requireEverywhere(management.authority, 'settings:read')
      return { body: server.settings() }
    },
  }),
  operation({
    id: 'health.show',
    method: 'GET',
    path: '/health',
    summary: 'Say whether the server can answer, and if not, why not',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: health,
    example: { answer: { status: 'ok' } },
    run: async ({ server }) => {
      const reasons = await server.problems()
      return { body: reasons.length === 0 ? { status: 'ok' } : { status: 'unavailable', reasons }, state: null }
    },
  }),
  operation({
    id: 'tenants.list',
    method: 'GET',
    path: '/tenants',
    summary: 'List the tenants',
    access: 'tenants:read',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(tenant) }),
    example: { answer: { items: [{ tenant: 'default', issuer: 'https://auth.example.com' }] } },
    run: async ({ server, management }) => ({
      body: { items: [{ tenant: management.tenant, issuer: server.issuer }] },
    }),
  }),
  operation({
    id: 'tenants.show',
    method: 'GET',
    path: '/tenants/{tenant}',
    summary: 'Show a tenant',
    access: 'tenants:read',
    parameters: z.strictObject({ tenant: z.string().min(1).max(256) }),
    ...noQuery,
    ...noBody,
    answer: tenant,
    example: {
      path: { tenant: 'default' },
      answer: { tenant: 'default', issuer: 'https://auth.example.com' },
    },
    run: async ({ server, management }, { path }) => {
      if (path.tenant !== management.tenant) throw new NotFound(`there is no tenant ${JSON.stringify(path.tenant)}`)
      return { body: { tenant: management.tenant, issuer: server.issuer } }
    },
  }),
  operation({
    id: 'openapi.show',
    method: 'GET',
    path: '/openapi.json',
    summary: 'Describe this API (OpenAPI 3.1)',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.looseObject({ openapi: z.string() }),
    example: { answer: { openapi: '3.1.1' } },
    run: async ({ server }) => ({ body: server.openApi() }),
  }),
]
