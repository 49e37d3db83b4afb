import { z } from 'zod'
import { showApi } from '../../management/apis/show.ts'
import { hiddenApi, noApi } from '../../management/authority/absent.ts'
import { mayOver } from '../../management/authority/authority.ts'
import { apiSchema, fromApi, scopeSchema, scopeSettingsSchema } from '../../management/schemas/api.ts'
import { putApi } from '../../management/settings/put-api.ts'
import type { Api } from '../../model/api.ts'
import { Audience } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { Conflict, FieldError, NotFound } from '../../platform/user-error.ts'
import type { Answer } from './answer.ts'
import type { CallContext } from './call-context.ts'
import { parseBody } from './input.ts'
import { mergePatch } from './merge-patch.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'
import { type TakeOver, takeOverQuery } from './take-over.ts'

type ApiInput = z.output<typeof apiSchema>

const audience = z.string().min(1).max(1_024).transform(Audience).describe('The audience of the API, percent-encoded.')

export const ofApi = { parameters: z.strictObject({ audience }) } as const

export const ofScope = {
  parameters: z.strictObject({ audience, scope: z.string().min(1).max(1_024).describe('The name of the scope.') }),
} as const

export const apiAnswer = apiSchema
  .partial()
  .required({ audience: true })
  .extend({
    manifest: z.string().optional().describe('The manifest that owns the API. No request sets it.'),
    unreadable: z.string().optional().describe('Why the record of the API can not be read.'),
  })

/** An API in answers. */
export const apiBody = (api: Api | Unreadable) =>
  'problem' in api
    ? { audience: api.id, manifest: api.manifest, unreadable: api.problem }
    : { ...fromApi(api), manifest: api.manifest }

const example = {
  path: { audience: 'https://api.example.com' },
  answer: {
    audience: 'https://api.example.com',
    name: 'Orders',
    owner: 'orders',
    scopes: [{ name: 'read' }],
    token: {},
  },
} as const

const scopeExample = {
  path: { ...example.path, scope: 'read' },
  answer: { name: 'read', description: 'Read orders' },
} as const

export const apiOperations = [
  operation({
    id: 'apis.show',
    method: 'GET',
    path: '/apis/{audience}',
    summary: 'Show an API and its scopes',
    access: 'apis:read',
    ...ofApi,
    ...noQuery,
    ...noBody,
    answer: apiAnswer,
    commands: ['apis show'],
    example,
    run: async ({ management }, { path }) => ({ body: apiBody(await showApi(management, path.audience)) }),
  }),
  operation({
    id: 'apis.create',
    method: 'POST',
    path: '/apis',
    summary: 'Create an API with its scopes',
    access: 'apis:write',
    ...noParameters,
    ...noQuery,
    body: apiSchema,
    status: 201,
    answer: apiAnswer,
    example: { body: example.answer, answer: example.answer },
    run: (context, { body }) =>
      write({ ...context, precondition: { kind: 'new' } }, Audience(body.audience), {}, () => body),
  }),
  operation({
    id: 'apis.replace',
    method: 'PUT',
    path: '/apis/{audience}',
    summary: 'Create or replace an API with its scopes',
    access: 'apis:write',
    ...ofApi,
    ...takeOverQuery,
    body: apiSchema.extend({ audience: apiSchema.shape.audience.optional() }),
    answer: apiAnswer,
    isConditional: true,
    example: { ...example, body: { name: 'Orders', owner: 'orders', scopes: [{ name: 'read' }] } },
    run: (context, { path, query, body }) => {
      if (body.audience !== undefined && body.audience !== path.audience)
        throw new FieldError(['audience'], 'is not the API of the path: leave it out')
      // The audience of the path has not passed the schema yet.
      const { audience } = parseBody(apiSchema, { audience: path.audience })
      return write(context, path.audience, query, () => ({ ...body, audience }))
    },
  }),
  operation({
    id: 'apis.change',
    method: 'PATCH',
    path: '/apis/{audience}',
    summary: 'Change some settings of an API (RFC 7396)',
    access: 'apis:write',
    ...ofApi,
    ...takeOverQuery,
    body: z.record(z.string(), z.unknown()).describe('The settings to change; null removes one.'),
    answer: apiAnswer,
    isConditional: true,
    example: { ...example, body: { name: 'Orders' } },
    run: (context, { path, query, body }) => {
      if (Object.hasOwn(body, 'audience')) throw new FieldError(['audience'], 'can not be changed: leave it out')
      return write(context, path.audience, query, (before) =>
        parseBody(apiSchema, mergePatch(asInput(path.audience, before), body)),
      )
    },
  }),
  operation({
    id: 'scopes.list',
    method: 'GET',
    path: '/apis/{audience}/scopes',
    summary: 'List the scopes of an API',
    access: 'apis:read',
    ...ofApi,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(scopeSchema) }),
    example: { path: example.path, answer: { items: [scopeExample.answer] } },
    run: async ({ management }, { path }) => ({
      body: { items: asInput(path.audience, await showApi(management, path.audience)).scopes },
    }),
  }),
  operation({
    id: 'scopes.replace',
    method: 'PUT',
    path: '/apis/{audience}/scopes/{scope}',
    summary: 'Add a scope to an API, or replace it',
    access: 'apis:write',
    ...ofScope,
    ...takeOverQuery,
    body: scopeSettingsSchema,
    answer: apiAnswer,
    isConditional: true,
    example: { ...scopeExample, body: { description: 'Read orders' }, answer: example.answer },
    run: (context, { path, query, body }) =>
      write(context, path.audience, query, (before) => {
        const { scopes, ...api } = asInput(path.audience, before)
        const scope = parseBody(scopeSchema, { ...body, name: path.scope })
        const isThere = scopes.some(({ name }) => name === path.scope)
        // A scope keeps its place.
        const replaced = scopes.map((one) => (one.name === path.scope ? scope : one))
        return parseBody(apiSchema, { ...api, scopes: isThere ? replaced : [...scopes, scope] })
      }),
  }),
  operation({
    id: 'scopes.delete',
    method: 'DELETE',
    path: '/apis/{audience}/scopes/{scope}',
    summary: 'Remove a scope from an API; its clients lose it',
    access: 'apis:write',
    ...ofScope,
    ...takeOverQuery,
    ...noBody,
    answer: apiAnswer,
    isConditional: true,
    example: { ...scopeExample, answer: example.answer },
    run: (context, { path, query }) =>
      write(context, path.audience, query, (before) => {
        const { scopes, ...api } = asInput(path.audience, before)
        const left = scopes.filter(({ name }) => name !== path.scope)
        if (left.length === scopes.length) throw new NotFound(`the API has no scope ${JSON.stringify(path.scope)}`)
        return { ...api, scopes: left }
      }),
  }),
]

/** The input that describes the present API. @throws NotFound or Conflict if there is none, or it can't be read */
function asInput(audience: string, api: Api | Unreadable | undefined): ApiInput {
  if (api === undefined) throw noApi(audience)
  if ('problem' in api) throw new Conflict(`its record can't be read (${api.problem}): replace it with PUT`)
  return parseBody(apiSchema, JSON.parse(JSON.stringify(fromApi(api))))
}

/** Writes an API if its present state is the one that the author has read. */
async function write(
  { management, precondition }: CallContext,
  audience: Audience,
  { take_over: takeOver }: TakeOver,
  wanted: (before: Api | Unreadable | undefined) => ApiInput,
): Promise<Answer> {
  const { api, isNew } = await putApi(management, {
    audience,
    takeOver,
    wanted: (before) => {
      const owner = before === undefined || 'problem' in before ? undefined : before.owner
      if (before !== undefined && !mayOver(management.authority, 'apis:read', owner))
        throw hidden(precondition, audience)
      refuseStale(precondition, before && apiBody(before))
      return wanted(before)
    },
  })
  return { body: apiBody(api), ...(isNew && { location: `/apis/${encodeURIComponent(audience)}` }) }
}

/**
 * The error about an API that the author may not see. Only the attempt to create one reveals that the audience is taken.
 * @throws Stale for another change, as if there were no API
 */
function hidden(precondition: CallContext['precondition'], audience: Audience) {
  refuseStale(precondition, undefined)
  const { kind } = precondition
  return kind === 'unconditional' ? noApi(audience) : hiddenApi(audience)
}
