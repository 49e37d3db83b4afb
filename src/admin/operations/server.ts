import { z } from 'zod'
import { requireEverywhere } from '../../management/authority/authority.ts'
import { permissionNames } from '../../management/authority/permissions.ts'
import { groupPermissions } from '../../model/group.ts'
import { endpointNames, endpointPaths } from '../../oauth/endpoints.ts'
import { iso } from '../../platform/clock.ts'
import { NotFound } from '../../platform/user-error.ts'
import { version } from '../../platform/version.ts'
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
    id: 'server.show',
    method: 'GET',
    path: '/server',
    summary: 'Show the version, the addresses of the endpoints, and the metadata (RFC 8414)',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      issuer: z.string(),
      version: z.string(),
      endpoints: z
        .record(z.enum(endpointNames), z.array(z.string()))
        .describe('The addresses of each endpoint: first that of the metadata, last the aliases.'),
      metadata: z.record(z.string(), z.unknown()).describe('As at /.well-known/oauth-authorization-server.'),
    }),
    example: {
      answer: {
        issuer: 'https://auth.example.com',
        version: '0.1.0',
        endpoints: Object.fromEntries(
          endpointNames.map((name) => [name, [`https://auth.example.com${endpointPaths[name][0]}`]]),
        ),
        metadata: { issuer: 'https://auth.example.com', token_endpoint: 'https://auth.example.com/as/token.oauth2' },
      },
    },
    run: async ({ server: { issuer, addresses, metadata } }) => {
      const endpoints = Object.fromEntries(endpointNames.map((name) => [name, addresses.urlsOf(name)]))
      return { body: { issuer, version, endpoints, metadata: metadata() } }
    },
  }),
  operation({
    id: 'manifest.show',
    method: 'GET',
    path: '/manifest',
    summary: 'Show whether the server keeps files of a manifest, and whether they are in force',
    access: 'plans:read',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      served: z.boolean().describe('Whether this server keeps files of a manifest.'),
      manifests: z.array(z.string()).describe('The names of the manifests, which nobody else may change.'),
      up_to_date: z.boolean().optional().describe('Whether clients and APIs are as the files say.'),
      mistakes: z.array(z.string()).describe('Why they are not; at most 50.'),
      applied: z.iso.datetime().optional().describe('When they last were.'),
      files: z.array(z.strictObject({ name: z.string(), sha256: z.string() })).describe('The files in force.'),
    }),
    example: {
      answer: {
        served: true,
        manifests: ['files'],
        up_to_date: true,
        mistakes: [],
        applied: '2026-11-26T08:00:00.000Z',
        files: [{ name: '/etc/tessera/manifest/clients.yaml', sha256: '0f1e…' }],
      },
    },
    run: async ({ server }) => {
      const kept = server.served()
      const body = kept
        ? {
            served: true,
            manifests: [...kept.manifests],
            up_to_date: kept.mistakes.length === 0,
            mistakes: kept.mistakes,
            applied: iso(kept.appliedAt),
            files: kept.files,
          }
        : { served: false, manifests: [], mistakes: [], files: [] }
      return { body, state: null }
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
