import { z } from 'zod'
import { ownersFor } from '../../management/authority/authority.ts'
import { countClients } from '../../management/clients/count.ts'
import { searchClients } from '../../management/clients/search.ts'
import { countCredentials } from '../../management/credentials/count.ts'
import { searchCredentials } from '../../management/credentials/search.ts'
import type { UnreadableCredential } from '../../model/credentials/credential.ts'
import { clientSorts, credentialSorts } from '../../model/fleet/filters.ts'
import type { ClientSummary, CredentialSummary } from '../../model/fleet/store.ts'
import { clientAuthMethodNames } from '../../oauth/client-auth-methods.ts'
import { LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { CallContext } from './call-context.ts'
import { credentialAnswer } from './credential-answers.ts'
import { pageOf } from './cursor.ts'
import {
  type AskedFleet,
  type AskedManifest,
  countAnswer,
  flag,
  fleetFilter,
  fleetParameters,
  manifestFilter,
  manifestParameters,
  place,
} from './listing.ts'
import { noBody, noParameters, operation } from './operation.ts'

const clientFilters = {
  search: z.string().min(1).max(256).optional().describe('The beginning of the id or of the name, in any case.'),
  enabled: flag.optional(),
  tag: z.string().min(1).max(128).optional(),
  ...manifestParameters,
} as const

const credentialFilters = {
  client: z.string().min(1).max(LONGEST_CLIENT_ID).optional(),
  state: z.enum(['valid', 'expired', 'revoked']).optional(),
} as const

const { limit: _, cursor: __, order: ___, ...filters } = fleetParameters

const clientLine = z.strictObject({
  client_id: z.string(),
  name: z.string().optional(),
  owner: z.string().optional(),
  manifest: z.string().optional(),
  tags: z.array(z.string()).optional(),
  enabled: z.boolean().optional(),
  kinds: z.array(z.string()).optional().describe('The kinds of its valid credentials.'),
  auth_methods: z.array(z.enum(clientAuthMethodNames)).optional(),
  last_used: z.iso.datetime().optional(),
  next_expiry: z.iso.datetime().optional(),
  created: z.iso.datetime().optional(),
  unreadable: z.string().optional(),
})

const credentialLine = credentialAnswer
  .partial()
  .required({ id: true, status: true })
  .extend({ owner: z.string().optional() })

const exampleClient = {
  client_id: 'billing',
  name: 'Billing',
  owner: 'payments',
  tags: [],
  enabled: true,
  kinds: ['secret'],
  last_used: '2026-11-26T08:00:00.000Z',
  created: '2026-01-01T08:00:00.000Z',
} as const

/** Lists and counts over all clients and credentials that the caller may see. */
export const fleetOperations = [
  operation({
    id: 'clients.list',
    method: 'GET',
    path: '/clients',
    summary: 'List clients',
    access: 'clients:read',
    ...noParameters,
    query: z.strictObject({ sort: z.enum(clientSorts).default('id'), ...clientFilters, ...fleetParameters }),
    ...noBody,
    answer: z.strictObject({ items: z.array(clientLine), next: z.string().optional() }),
    commands: ['clients list'],
    example: { query: { owner: 'payments', unused_days: '90' }, answer: { items: [exampleClient] } },
    run: async (context, { query }) => {
      const { authority } = context.management
      const page = pageOf(context.cursors, 'clients', query, place)
      const { items, next } = await searchClients(context.management, ownersFor(authority, 'clients:read'), {
        filter: clientFilter(context, query),
        sort: query.sort,
        isDescending: query.order === 'desc',
        after: page.after,
        most: page.limit,
      })
      return { body: page.body({ entries: items.map(clientBody), next }), state: null }
    },
  }),
  operation({
    id: 'clients.count',
    method: 'GET',
    path: '/counts/clients',
    summary: 'Count clients',
    access: 'clients:read',
    ...noParameters,
    query: z.strictObject({ ...clientFilters, ...filters }),
    ...noBody,
    answer: countAnswer,
    example: { query: { no_owner: 'true' }, answer: { count: 12, is_more: false } },
    run: async (context, { query }) => {
      const visible = ownersFor(context.management.authority, 'clients:read')
      const { count, isMore } = await countClients(context.management, visible, clientFilter(context, query))
      return { body: { count, is_more: isMore }, state: null }
    },
  }),
  operation({
    id: 'credentials.list',
    method: 'GET',
    path: '/credentials',
    summary: 'List credentials across all clients',
    access: 'clients:read',
    ...noParameters,
    query: z.strictObject({
      sort: z.enum(credentialSorts).default('expiry'),
      ...credentialFilters,
      ...fleetParameters,
    }),
    ...noBody,
    answer: z.strictObject({ items: z.array(credentialLine), next: z.string().optional() }),
    commands: ['credentials list'],
    example: { query: { expiring_days: '30' }, answer: { items: [] } },
    run: async (context, { query }) => {
      const { authority, clock } = context.management
      const page = pageOf(context.cursors, 'credentials', query, place)
      const { items, next } = await searchCredentials(context.management, ownersFor(authority, 'clients:read'), {
        filter: { ...fleetFilter(query, clock.now()), client: query.client, state: query.state },
        sort: query.sort,
        isDescending: query.order === 'desc',
        after: page.after,
        most: page.limit,
      })
      return { body: page.body({ entries: items.map(credentialBody), next }), state: null }
    },
  }),
  operation({
    id: 'credentials.count',
    method: 'GET',
    path: '/counts/credentials',
    summary: 'Count credentials across all clients',
    access: 'clients:read',
    ...noParameters,
    query: z.strictObject({ ...credentialFilters, ...filters }),
    ...noBody,
    answer: countAnswer,
    example: { query: { state: 'expired' }, answer: { count: 3, is_more: false } },
    run: async ({ management }, { query }) => {
      const visible = ownersFor(management.authority, 'clients:read')
      const filter = { ...fleetFilter(query, management.clock.now()), client: query.client, state: query.state }
      const { count, isMore } = await countCredentials(management, visible, filter)
      return { body: { count, is_more: isMore }, state: null }
    },
  }),
]

interface AskedClients extends AskedFleet, AskedManifest {
  readonly search?: string | undefined
  readonly enabled?: boolean | undefined
  readonly tag?: string | undefined
}

const clientFilter = ({ management: { clock } }: CallContext, asked: AskedClients) => ({
  ...fleetFilter(asked, clock.now()),
  search: asked.search,
  isEnabled: asked.enabled,
  tag: asked.tag,
  ...manifestFilter(asked),
})

function clientBody(client: ClientSummary | Unreadable) {
  if ('problem' in client) return { client_id: client.id, manifest: client.manifest, unreadable: client.problem }
  const { id, name, owner, manifest, tags, enabled, kinds, methods, lastUsedAt, nextExpiryAt, createdAt } = client
  return {
    client_id: id,
    name,
    owner,
    manifest,
    tags,
    enabled,
    kinds,
    auth_methods: methods,
    last_used: iso(lastUsedAt),
    next_expiry: iso(nextExpiryAt),
    created: iso(createdAt),
  }
}

function credentialBody(one: CredentialSummary | UnreadableCredential) {
  if ('problem' in one) return { id: one.id, label: one.label, status: 'unreadable', unreadable: one.problem }
  const { clientId, owner, status, lastUsedAt, credential } = one
  const { id, kind, label, hint, origin, createdAt, expiresAt, revokedAt, replaces } = credential
  return {
    id,
    client_id: clientId,
    owner,
    kind,
    label,
    hint,
    origin,
    status,
    created: iso(createdAt),
    expires: iso(expiresAt),
    last_used: iso(lastUsedAt),
    revoked: iso(revokedAt),
    replaces: replaces?.id,
  }
}
