import { z } from 'zod'
import { setParameters, triedMethods } from '../../management/lab/request-message.ts'
import { requestToken } from '../../management/lab/request-token.ts'
import { LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { explanation, explanationBody } from './explanations.ts'
import { noParameters, noQuery, operation } from './operation.ts'

/** Characters of a token or a proof. No token of ours is longer, and no other is parsed. */
export const LONGEST_TOKEN = 16_384
/** A text of at most so many characters. */
export const text = (most: number) => z.string().min(1).max(most)
const targets = z.array(text(1_024)).max(20)

const triedRequest = z
  .strictObject({
    client_id: text(LONGEST_CLIENT_ID).optional(),
    method: z.enum(triedMethods).describe('The way by which the client authenticates.'),
    client_secret: text(1_024).optional().describe('For `client_secret_basic` and `client_secret_post`.'),
    client_assertion: text(LONGEST_TOKEN).optional().describe('For the methods that end in `_jwt`.'),
    dpop: text(LONGEST_TOKEN).optional().describe('A DPoP proof for the token endpoint.'),
    scope: text(8_192).optional(),
    resource: targets.default([]),
    audience: z
      .union([text(1_024).transform((one) => [one]), targets], { error: 'must be a text, or a list of texts' })
      .default([]),
    authorization_details: z.array(z.record(z.string(), z.unknown())).max(20).optional(),
    other: z
      .record(text(128), z.string().max(4_096))
      .refine((all) => Object.keys(all).length <= 50, 'must be at most 50')
      .refine(
        (all) => Object.keys(all).every((name) => !setParameters.has(name)),
        'has a parameter that a field of its own sets, or that is always the same',
      )
      .default({})
      .describe('Further parameters.'),
  })
  .refine(({ method, client_secret: secret }) => !/_(basic|post)$/.test(method) || secret !== undefined, {
    path: ['client_secret'],
    error: 'is required by this method',
  })
  .refine(({ method, client_id: id }) => !/_(basic|post)$/.test(method) || id !== undefined, {
    path: ['client_id'],
    error: 'is required by this method',
  })
  .refine(({ method, client_assertion: assertion }) => !method.endsWith('_jwt') || assertion !== undefined, {
    path: ['client_assertion'],
    error: 'is required by this method',
  })

const headers = z.record(z.string(), z.string())
/** Trials: requests and tokens that people try out. */
export const labOperations = [
  operation({
    id: 'lab.token-requests',
    method: 'POST',
    path: '/lab/token-requests',
    summary: 'Send a token request as a client would, and explain its result',
    access: 'lab:use',
    ...noParameters,
    ...noQuery,
    body: triedRequest,
    answer: z.strictObject({
      request: z
        .strictObject({ method: z.string(), url: z.string(), headers, body: z.string() })
        .describe('The request as it was sent. Placeholders stand for secrets and tokens.'),
      response: z
        .strictObject({ status: z.int(), headers, body: z.string() })
        .describe('The answer of the token endpoint. A refusal is one, too.'),
      request_id: z.string(),
      explanation: explanation.optional().describe('As in GET /explanations; missing if the caller may not see it.'),
    }),
    isReferring: true,
    isKept: false,
    example: {
      body: { client_id: 'billing', method: 'client_secret_basic', client_secret: 'tss_…', scope: 'read' },
      answer: {
        request: {
          method: 'POST',
          url: 'https://auth.example.com/as/token.oauth2',
          headers: {
            'Content-Type': 'application/x-www-form-urlencoded',
            Authorization: 'Basic <base64 of billing:client_secret>',
          },
          body: 'grant_type=client_credentials&scope=read',
        },
        response: {
          status: 401,
          headers: { 'Content-Type': 'application/json;charset=UTF-8' },
          body: '{"error":"invalid_client","error_description":"…"}',
        },
        request_id: '01931a8e-0000-7000-8000-000000000001',
      },
    },
    run: async ({ management, server }, { body }) => {
      const {
        shown,
        answer,
        explanation: explained,
      } = await requestToken(
        { ...management, refusalOf: server.refusalOf },
        {
          clientId: body.client_id,
          method: body.method,
          clientSecret: body.client_secret,
          clientAssertion: body.client_assertion,
          dpop: body.dpop,
          scope: body.scope,
          resource: body.resource,
          audience: body.audience,
          authorizationDetails: body.authorization_details,
          other: body.other,
        },
        server.tryRequest,
      )
      const { requestId, status, headers: answered, body: text } = answer
      return {
        body: {
          request: { method: 'POST', url: server.addresses.urlsOf('token')[0], ...shown },
          response: { status, headers: answered, body: text },
          request_id: requestId,
          explanation: explained && explanationBody(explained),
        },
        state: null,
      }
    },
  }),
]
