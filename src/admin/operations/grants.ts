import { z } from 'zod'
import { noClient } from '../../management/authority/absent.ts'
import { maySee, showClient } from '../../management/clients/show.ts'
import { clientSettingsSchema, fromClient } from '../../management/schemas/client.ts'
import { scopeName } from '../../management/schemas/values.ts'
import { putClient } from '../../management/settings/put-client.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { Conflict, NotFound } from '../../platform/user-error.ts'
import type { Answer } from './answer.ts'
import type { CallContext } from './call-context.ts'
import { ofClient } from './clients.ts'
import { parseBody } from './input.ts'
import { noBody, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'
import { type TakeOver, takeOverQuery } from './take-over.ts'

const grant = z.strictObject({
  api: z.string(),
  scopes: z.array(scopeName),
  default_scopes: z.array(scopeName),
})

type Grant = z.output<typeof grant>

const ofGrant = {
  parameters: ofClient.parameters.extend({
    audience: z.string().min(1).max(1_024).describe('The audience of the API, percent-encoded.'),
  }),
} as const

const path = { client_id: 'billing', audience: 'https://api.example.com' } as const
const example = { api: path.audience, scopes: ['read'], default_scopes: [] } as const

/** The grants of (client, API): the scopes that a client has at one API, beside those that it has everywhere. */
export const grantOperations = [
  operation({
    id: 'grants.list',
    method: 'GET',
    path: '/clients/{client_id}/grants',
    summary: 'List the APIs at which a client has scopes of its own',
    access: 'clients:read',
    ...ofClient,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(grant) }),
    example: { path: { client_id: path.client_id }, answer: { items: [example] } },
    run: async ({ management }, { path: { client_id: id } }) => ({
      body: { items: grantsOf(await showClient(management, id)) },
    }),
  }),
  operation({
    id: 'grants.show',
    method: 'GET',
    path: '/clients/{client_id}/grants/{audience}',
    summary: 'Show the scopes of a client at an API',
    access: 'clients:read',
    ...ofGrant,
    ...noQuery,
    ...noBody,
    answer: grant,
    example: { path, answer: example },
    run: async ({ management }, { path: { client_id: id, audience } }) => ({
      body: requireGrant(await showClient(management, id), audience),
    }),
  }),
  operation({
    id: 'grants.replace',
    method: 'PUT',
    path: '/clients/{client_id}/grants/{audience}',
    summary: 'Give a client scopes at an API',
    access: 'clients:write',
    ...ofGrant,
    ...takeOverQuery,
    body: z.strictObject({
      scopes: grant.shape.scopes.default([]),
      default_scopes: grant.shape.default_scopes.default([]),
    }),
    answer: grant,
    isConditional: true,
    example: { path, body: { scopes: ['read'] }, answer: example },
    run: (context, { path: { client_id: id, audience }, query, body }) =>
      changeGrant(context, id, audience, query, (present) => ({
        ...body,
        api: present?.api ?? audience,
      })),
  }),
  operation({
    id: 'grants.delete',
    method: 'DELETE',
    path: '/clients/{client_id}/grants/{audience}',
    summary: 'Take the scopes of a client at an API away',
    access: 'clients:write',
    ...ofGrant,
    ...takeOverQuery,
    ...noBody,
    status: 204,
    isConditional: true,
    example: { path },
    run: (context, { path: { client_id: id, audience }, query }) =>
      changeGrant(context, id, audience, query, (present) => {
        if (present === undefined) throw noGrant(audience)
        return undefined
      }),
  }),
]

const grantsOf = (client: Client | UnreadableClient): readonly Grant[] => {
  if ('problem' in client) throw new Conflict(`the record of the client can't be read: ${client.problem}`)
  return fromClient(client).grants
}

const findGrant = (client: Client | UnreadableClient, audience: string): Grant | undefined =>
  grantsOf(client).find(({ api }) => isSameUri(api, audience))

function requireGrant(client: Client | UnreadableClient, audience: string): Grant {
  const found = findGrant(client, audience)
  if (found === undefined) throw noGrant(audience)
  return found
}

const noGrant = (audience: string) => new NotFound(`the client has no grant at ${JSON.stringify(audience)}`)

/** Replaces the grant of a client at an API. @param change returns undefined to remove it */
async function changeGrant(
  { management, precondition }: CallContext,
  id: ClientId,
  audience: string,
  { take_over: takeOver }: TakeOver,
  change: (present: Grant | undefined) => Grant | undefined,
): Promise<Answer> {
  const seen: { grant?: Grant | undefined } = {}
  const { client } = await putClient(management, {
    id,
    takeOver,
    wanted: (before) => {
      if (before === undefined || 'problem' in before || !maySee(management, before)) throw noClient(id)
      const present = findGrant(before, audience)
      refuseStale(precondition, present)
      seen.grant = present
      const others = grantsOf(before).filter((one) => one !== present && one.api !== present?.api)
      const changed = change(present)
      const grants = changed === undefined ? others : [...others, changed]
      const settings = parseBody(clientSettingsSchema, JSON.parse(JSON.stringify({ ...fromClient(before), grants })))
      return { ...settings, credentials: [] }
    },
  })
  const location = `/clients/${encodeURIComponent(id)}/grants/${encodeURIComponent(audience)}`
  return { body: findGrant(client, audience), ...(seen.grant === undefined && { location }) }
}
