import { z } from 'zod'
import { remedyKinds } from '../../management/explanations/advice/advice.ts'
import { explainClient, explainRequest } from '../../management/explanations/explain.ts'
import type { Explanation } from '../../management/explanations/explanation.ts'
import { type RequestReference, requestReferenceIn } from '../../management/explanations/reference.ts'
import { stepNames } from '../../management/explanations/steps.ts'
import { whyUnrecorded } from '../../management/explanations/unrecorded.ts'
import { LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { NotFound } from '../../platform/user-error.ts'
import { InvalidParameters } from './input.ts'
import { noBody, noParameters, operation } from './operation.ts'

export const explanation = z
  .looseObject({
    time: z.iso.datetime(),
    type: z.string(),
    result: z.string(),
    request_id: z.string(),
    remedies: z
      .array(
        z.strictObject({
          text: z.string(),
          kind: z.enum(remedyKinds),
          value: z.string(),
          action: z
            .strictObject({
              operation: z.string().describe('The id of an operation, as in the OpenAPI document.'),
              path: z.record(z.string(), z.string()),
              body: z.record(z.string(), z.unknown()).optional(),
            })
            .optional()
            .describe('The call that does the same, if one can.'),
        }),
      )
      .optional(),
    steps: z
      .array(z.strictObject({ step: z.enum(stepNames), result: z.string(), why: z.string() }))
      .optional()
      .describe('The decisions that led to an issued token, and the setting behind each.'),
  })
  .describe('The result of a request: its reason, what the client has and what came, and remedies.')

/** The explanation of a request, as JSON. */
export const explanationBody = ({ refusal, steps, ...event }: Explanation) => ({
  time: event.time,
  type: event.type,
  result: event.result,
  request_id: event.requestId,
  ...(refusal && {
    reason: refusal.reason,
    meaning: refusal.meaning,
    answered: refusal.answered,
    notes: refusal.notes,
    checks: refusal.checks,
    did_you_mean: refusal.meant,
    remedies: refusal.remedies,
  }),
  ...(steps.length > 0 && { steps }),
  client_id: event.clientId,
  remote_address: event.remoteAddress,
  credential_label: event.credentialLabel,
  detail: event.detail,
})

/** The things that a caller asked about. */
type Asked = RequestReference | { readonly kind: 'client'; readonly id: string }

/** @param now milliseconds @param retention days for which events are kept */
function whyNothing({ kind, id }: Asked, now: number, retention: number): string {
  switch (kind) {
    case 'client':
      return `no request of ${JSON.stringify(id)} is recorded`
    case 'trace':
      return `no request of the trace ${id} is recorded`
    case 'request':
      return whyUnrecorded(id, now, retention)
  }
}

export const explanationOperations = [
  operation({
    id: 'explanations.list',
    method: 'GET',
    path: '/explanations',
    summary: 'Explain a request by its id, or the last requests of a client',
    access: 'explanations:read',
    ...noParameters,
    query: z.strictObject({
      request: z.string().min(1).max(4_096).optional().describe('A request id, or text that has one.'),
      client: z.string().min(1).max(LONGEST_CLIENT_ID).optional(),
      last: z
        .string()
        .regex(/^[1-9]\d?$|^100$/, 'must be a number from 1 to 100')
        .transform(Number)
        .default(1),
    }),
    ...noBody,
    answer: z.strictObject({ items: z.array(explanation) }),
    isReferring: true,
    commands: ['explain'],
    example: {
      query: { request: '01931a8e-0000-7000-8000-000000000001' },
      answer: { items: [] },
    },
    run: async ({ management, server }, { query: { request, client, last } }) => {
      const context = { ...management, refusalOf: server.refusalOf }
      if ((request === undefined) === (client === undefined))
        throw new InvalidParameters([{ parameter: 'request', detail: 'or client is required, and not both' }])
      const asked: Asked =
        client === undefined
          ? (requestReferenceIn(request ?? '') ?? { kind: 'request', id: request ?? '' })
          : { kind: 'client', id: client }
      const found =
        asked.kind === 'client'
          ? await explainClient(context, { client: asked.id, last })
          : await explainRequest(context, asked)
      if (found.length === 0) throw new NotFound(whyNothing(asked, management.clock.now(), server.retentionDays()))
      return { body: { items: found.map(explanationBody) }, state: null }
    },
  }),
]
