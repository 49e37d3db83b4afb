import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { version } from '../../platform/version.ts'
import type { Operation } from '../operations/operation.ts'
import { API_ROOT } from './find-operation.ts'
import { type ProblemName, problemNames, problemTypes } from './problem-types.ts'

const problem = z
  .looseObject({
    type: z.string().describe('The path of the page about this kind of problem.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z
      .array(z.object({ pointer: z.string().optional(), parameter: z.string().optional(), detail: z.string() }))
      .optional()
      .describe('The wrong fields, by JSON pointer (RFC 6901), or the wrong parameters.'),
    present: z.unknown().optional().describe('The present state, for a change of another one.'),
    request_id: z.string(),
  })
  .meta({ id: 'Problem' })

/** The OpenAPI 3.1 document of the admin API. */
export function openApiDocument(operations: readonly Operation[]) {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const operation of operations) {
    const path = API_ROOT + operation.path
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describeOperation(operation) }
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Tessera admin API',
      version,
      description: 'Every answer has its request id in X-Request-Id. Every error is a problem (RFC 9457).',
    },
    paths: paths satisfies ZodOpenApiPathsObject,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An access token of this server for the audience urn:tessera:admin.',
        },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-tessera', description: 'The session of a person.' },
      },
    },
    security: [{ token: [] }, { session: [] }],
  })
}

function describeOperation(operation: Operation): ZodOpenApiOperationObject {
  const { id, summary, access, parameters, query, body, status, answer, example, method } = operation
  return {
    operationId: id,
    summary,
    tags: [id.slice(0, id.indexOf('.'))],
    ...(access === 'public' && { security: [] }),
    ...(access !== 'public' && access !== 'member' && { description: `Permission: \`${access}\`.` }),
    requestParams: {
      ...(Object.keys(parameters.shape).length > 0 && { path: parameters }),
      ...(Object.keys(query.shape).length > 0 && { query }),
      ...headersOf(operation),
    },
    ...(takesBody(body) && {
      requestBody: {
        required: true,
        content: {
          [method === 'PATCH' ? 'application/merge-patch+json' : 'application/json']: {
            schema: body,
            ...(example.body !== undefined && { example: example.body }),
          },
        },
      },
    }),
    responses: {
      ...successes(status, answer, example.answer, method),
      ...Object.fromEntries(problemsOf(operation).map((name) => [problemTypes[name].status, problemAnswer(name)])),
    },
  }
}

/** Whether an operation takes a body. The schema of none accepts undefined alone. */
const takesBody = (body: z.ZodType | undefined): body is z.ZodType =>
  body !== undefined && !(body instanceof z.ZodUndefined)

function headersOf({ isConditional, isKept, method }: Operation) {
  const condition = z.string().optional().describe('The ETag of the state that you have read, or *.')
  const once = z.string().optional().describe('Repeats the first answer to a request with the same key, for a day.')
  if (isConditional) return { header: z.object({ 'If-Match': condition }) }
  return method === 'POST' && isKept ? { header: z.object({ 'Idempotency-Key': once }) } : {}
}

function successes(status: number, answer: z.ZodType | undefined, example: unknown, method: string) {
  if (answer === undefined) return { 204: { description: 'Done' } }
  const content = { 'application/json': { schema: answer, ...(example !== undefined && { example }) } }
  const described = { description: status === 201 ? 'Created' : 'Done', content }
  return {
    [status]: described,
    ...(method === 'PUT' && { 201: { description: 'Created', content } }),
    ...(method === 'GET' && { 304: { description: 'The ETag of If-None-Match is that of the present state' } }),
  }
}

/** The problems that an operation may answer with. */
function problemsOf({ access, parameters, isConditional, isReferring, method }: Operation): readonly ProblemName[] {
  const isRead = method === 'GET'
  const may: Partial<Record<ProblemName, boolean>> = {
    'not-authenticated': access !== 'public',
    'not-allowed': access !== 'public',
    'not-found': isReferring || Object.keys(parameters.shape).length > 0,
    conflict: !isRead,
    stale: isConditional,
    'precondition-required': isConditional,
    // A body is read, and refused, even if the operation takes none.
    'invalid-fields': !isRead,
    'unsupported-content': !isRead,
    'too-large': !isRead,
    'malformed-request': true,
    'server-error': true,
    unavailable: true,
    'too-many-requests': access === 'public',
  }
  return problemNames.filter((name) => may[name])
}

const problemAnswer = (name: ProblemName) => ({
  description: problemTypes[name].title,
  content: { 'application/problem+json': { schema: problem } },
})
