import { z } from 'zod'
import { hiddenClient, noClient } from '../../management/authority/absent.ts'
import { disableClient } from '../../management/clients/disable.ts'
import { enableClient } from '../../management/clients/enable.ts'
import { maySee, showClient } from '../../management/clients/show.ts'
import { clientSchema, clientSettingsSchema, fromClient } from '../../management/schemas/client.ts'
import { putClient } from '../../management/settings/put-client.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { ClientId, LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import { Conflict, FieldError } from '../../platform/user-error.ts'
import type { Answer } from './answer.ts'
import type { CallContext } from './call-context.ts'
import { parseBody } from './input.ts'
import { mergePatch } from './merge-patch.ts'
import { noBody, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'
import { type TakeOver, takeOverQuery } from './take-over.ts'

/** The path parameter of everything that belongs to a client. */
export const ofClient = {
  parameters: z.strictObject({
    client_id: z.string().min(1).max(LONGEST_CLIENT_ID).transform(ClientId).describe('The id of the client.'),
  }),
} as const

const status = z
  .strictObject({
    manifest: z.string().optional().describe('The manifest that owns the client.'),
    disabled_at: z.iso.datetime().optional().describe('When a person or program disabled the client.'),
    unreadable: z.string().optional().describe('Why the record of the client can not be read.'),
    removed_credentials: z
      .array(z.strictObject({ kind: z.string(), label: z.string(), removed: z.iso.datetime() }))
      .optional()
      .describe('Credentials that were removed, and that no manifest brings back.'),
  })
  .describe('The state of the client that no request sets.')

/** A client in answers. */
const clientAnswer = clientSettingsSchema.partial().required({ client_id: true }).extend({ status })

const secrets = z
  .array(z.strictObject({ label: z.string(), secret: z.string() }))
  .describe('The generated secrets. They are shown only once.')

const newClientAnswer = clientAnswer.extend({ secrets: secrets.optional() })

/** A client, without anything about its credentials. */
export function clientBody(client: Client | UnreadableClient) {
  if ('problem' in client)
    return { client_id: client.id, status: { manifest: client.manifest, unreadable: client.problem } }
  const { disabledAt, credentials } = client.ended ?? {}
  return {
    ...fromClient(client),
    status: {
      ...(client.manifest !== undefined && { manifest: client.manifest }),
      ...(disabledAt !== undefined && { disabled_at: iso(disabledAt) }),
      ...(credentials !== undefined && {
        removed_credentials: credentials.map(({ credential: { kind, label }, removedAt }) => ({
          kind,
          label,
          removed: iso(removedAt),
        })),
      }),
    },
  }
}

const example = {
  path: { client_id: 'billing' },
  answer: { client_id: 'billing', name: 'Billing', owner: 'payments', enabled: true, scopes: ['read'], status: {} },
} as const

const show = operation({
  id: 'clients.show',
  method: 'GET',
  path: '/clients/{client_id}',
  summary: 'Show a client',
  access: 'clients:read',
  ...ofClient,
  ...noQuery,
  ...noBody,
  answer: clientAnswer,
  commands: ['clients show'],
  example,
  run: async ({ management }, { path }) => ({ body: clientBody(await showClient(management, path.client_id)) }),
})

const create = operation({
  id: 'clients.create',
  method: 'POST',
  path: '/clients',
  summary: 'Create a client, with its credentials and grants',
  access: 'clients:write',
  parameters: z.strictObject({}),
  ...noQuery,
  body: clientSchema,
  status: 201,
  answer: newClientAnswer,
  commands: ['clients create'],
  example: {
    body: { client_id: 'billing', name: 'Billing', credentials: [{ label: 'first' }], scopes: ['read'] },
    answer: { ...example.answer, secrets: [{ label: 'first', secret: 'tss_…' }] },
  },
  run: (context, { body }) =>
    write({ ...context, precondition: { kind: 'new' } }, ClientId(body.client_id), {}, () => body),
})

const replace = operation({
  id: 'clients.replace',
  method: 'PUT',
  path: '/clients/{client_id}',
  summary: 'Create a client, with its credentials and grants, or replace the settings of one',
  access: 'clients:write',
  ...ofClient,
  ...takeOverQuery,
  body: clientSchema.extend({ client_id: clientSchema.shape.client_id.optional() }),
  answer: newClientAnswer,
  isConditional: true,
  commands: ['clients create'],
  example: { ...example, body: { name: 'Billing', owner: 'payments', scopes: ['read'] } },
  run: (context, { path: { client_id: id }, query, body }) => {
    if (body.client_id !== undefined && body.client_id !== id)
      throw new FieldError(['client_id'], 'is not the client of the path: leave it out')
    return write(context, id, query, () => ({ ...body, client_id: id }))
  },
})

const change = operation({
  id: 'clients.change',
  method: 'PATCH',
  path: '/clients/{client_id}',
  summary: 'Change some settings of a client (RFC 7396)',
  access: 'clients:write',
  ...ofClient,
  ...takeOverQuery,
  body: z.record(z.string(), z.unknown()).describe('The settings to change; null removes one.'),
  answer: clientAnswer,
  isConditional: true,
  example: { ...example, body: { name: 'Billing', description: null } },
  run: (context, { path: { client_id: id }, query, body }) => {
    for (const name of ['client_id', 'credentials', 'status'])
      if (Object.hasOwn(body, name)) throw new FieldError([name], 'can not be changed here: leave it out')
    return write(context, id, query, (before) => {
      if (before === undefined) throw noClient(id)
      if ('problem' in before) throw new Conflict(`its record can't be read (${before.problem}): replace it with PUT`)
      const merged = mergePatch(JSON.parse(JSON.stringify(fromClient(before))), body)
      return { ...parseBody(clientSettingsSchema, merged), credentials: [] }
    })
  },
})

const disable = operation({
  id: 'clients.disable',
  method: 'POST',
  path: '/clients/{client_id}/disable',
  summary: 'Refuse every request of a client, and end its tokens',
  access: 'clients:write',
  ...ofClient,
  ...noQuery,
  ...noBody,
  answer: clientAnswer,
  commands: ['clients disable'],
  example,
  run: async (context, { path }) => switched(await disableClient(context.management, path.client_id)),
})

const enable = operation({
  id: 'clients.enable',
  method: 'POST',
  path: '/clients/{client_id}/enable',
  summary: 'Let a disabled client authenticate again; its earlier tokens stay inactive',
  access: 'clients:write',
  ...ofClient,
  ...noQuery,
  ...noBody,
  answer: clientAnswer,
  commands: ['clients enable'],
  example,
  run: async (context, { path }) => switched(await enableClient(context.management, path.client_id)),
})

export const clientOperations = [show, create, replace, change, disable, enable]

const switched = ({ client }: { readonly client: Client }): Answer => ({ body: clientBody(client) })

/** Writes a client if its present state is the one that the author has read. */
async function write(
  { management, precondition, show }: CallContext,
  id: ClientId,
  { take_over: takeOver }: TakeOver,
  wanted: (before: Client | UnreadableClient | undefined) => z.output<typeof clientSchema>,
): Promise<Answer> {
  const { client, isNew, generated } = await putClient(management, {
    id,
    takeOver,
    wanted: (before) => {
      if (before !== undefined && !maySee(management, before)) throw hidden(precondition, id)
      refuseStale(precondition, before && clientBody(before))
      return wanted(before)
    },
    ...(show && {
      show: (made) => show({ client_id: id, secrets: made.map(({ label, secret }) => ({ label, secret })) }),
    }),
  })
  return {
    body: clientBody(client),
    ...(isNew && { location: `/clients/${encodeURIComponent(id)}` }),
    ...(generated.length > 0 && { shownOnce: { secrets: generated.map(({ label, secret }) => ({ label, secret })) } }),
  }
}

/**
 * The error about a client that the author may not see. Only the attempt to create one reveals that the id is taken.
 * @throws Stale for another change, as if there were no client
 */
function hidden(precondition: CallContext['precondition'], id: ClientId) {
  refuseStale(precondition, undefined)
  const { kind } = precondition
  return kind === 'unconditional' ? noClient(id) : hiddenClient(id)
}
