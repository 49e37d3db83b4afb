import { z } from 'zod'
import { inspectPasted } from '../../management/lab/inspect-token.ts'
import { matchToken } from '../../management/lab/match-token.ts'
import { sampleToken } from '../../management/lab/sample-token.ts'
import { ClientId, LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import type { Refusal } from '../../oauth/refusal.ts'
import { ofApi } from './apis.ts'
import type { CallContext } from './call-context.ts'
import { explanation, explanationBody } from './explanations.ts'
import { LONGEST_TOKEN, text } from './lab.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const json = z.record(z.string(), z.unknown())
const token = text(LONGEST_TOKEN)
  .transform((given) => given.trim())
  .describe('A token, such as one that was pasted.')
const checks = z.array(
  z.strictObject({
    check: z.string(),
    passed: z.boolean(),
    expected: z.string(),
    received: z.string(),
    note: z.string().optional(),
  }),
)
const refusal = z.strictObject({ reason: z.string(), meaning: z.string(), detail: json })

const refusalBody = ({ refusalOf }: CallContext['server'], refused: Refusal | undefined) =>
  refused && { reason: refused.reason, meaning: refusalOf(refused.reason)?.meaning ?? '', detail: refused.detail }

/** Tokens of this server and of others that people look into. */
export const inspectionOperations = [
  operation({
    id: 'lab.tokens',
    method: 'POST',
    path: '/lab/tokens',
    summary: 'Decode a token, check it as an API and as this server, and find the event that issued it',
    access: 'explanations:read',
    ...noParameters,
    ...noQuery,
    body: z.strictObject({
      token,
      audience: text(1_024).optional().describe('The API for which `aud` is checked; any by default.'),
    }),
    answer: z.strictObject({
      format: z.enum(['jwt', 'sealed']),
      header: json.optional(),
      claims: json.optional().describe('The claims; of a JWT, whoever has signed it.'),
      times: z
        .array(z.strictObject({ claim: z.string(), time: z.iso.datetime(), seconds: z.int() }))
        .describe('The times among the claims of a JWT, and their distance from now in seconds.'),
      verification: z
        .strictObject({ valid: z.boolean(), checks })
        .optional()
        .describe('The checks of an API that verifies a JWT itself (RFC 9068 §4).'),
      introspection: z
        .strictObject({ active: z.boolean(), checks })
        .optional()
        .describe('The checks of this server. They are missing if the caller may not see the client of the token.'),
      issued: explanation.optional().describe('The event that issued the token, as in GET /explanations.'),
    }),
    isKept: false,
    commands: ['decode', 'verify', 'introspect'],
    example: {
      body: { token: 'eyJhbGciOi…' },
      answer: {
        format: 'jwt',
        header: { alg: 'ES256', typ: 'at+jwt' },
        claims: { client_id: 'billing' },
        times: [],
        verification: { valid: true, checks: [{ check: 'typ', passed: true, expected: 'at+jwt', received: 'at+jwt' }] },
      },
    },
    run: async ({ management, keys, server }, { body }) => {
      const { masterKey } = await keys()
      const context = {
        ...management,
        refusalOf: server.refusalOf,
        issuer: server.issuer,
        masterKey: () => masterKey,
        keys: server.publishedKeys(),
      }
      const { format, decoded, verification, introspection, issued } = await inspectPasted(context, {
        token: body.token,
        audience: body.audience,
      })
      return {
        body: {
          format,
          header: decoded?.header,
          claims: decoded?.claims ?? introspection?.claims,
          times: decoded?.times ?? [],
          verification: verification && { valid: verification.every(({ passed }) => passed), checks: verification },
          introspection: introspection && { active: introspection.active, checks: introspection.checks },
          issued: issued && explanationBody(issued),
        },
        state: null,
      }
    },
  }),
  operation({
    id: 'lab.federation',
    method: 'POST',
    path: '/lab/federation',
    summary: 'Say which federated credential a token matches, and how it differs from the others',
    access: 'clients:read',
    ...noParameters,
    ...noQuery,
    body: z.strictObject({
      client_id: text(LONGEST_CLIENT_ID)
        .transform(ClientId)
        .optional()
        .describe('The client that the request would name. Without it, every client that trusts the issuer is tried.'),
      token,
    }),
    answer: z.strictObject({
      header: json,
      claims: json,
      match: z
        .strictObject({ client_id: z.string(), credential: z.string() })
        .optional()
        .describe('The client and the credential that the token proves.'),
      refusal: refusal.optional().describe('The reason why it proves none.'),
      credentials: z
        .array(
          z.strictObject({
            client_id: z.string(),
            credential: z.string().describe('Its label; its id if it has none.'),
            issuer: z.string(),
            ended: z.enum(['revoked', 'expired']).optional(),
            matched: z.boolean(),
            signature: z.string().optional().describe('`good`, or the reason why it is not; none of another issuer.'),
            checks,
          }),
        )
        .describe('The closest first.'),
      is_more: z.boolean().describe('Whether there are more credentials than those listed.'),
    }),
    isReferring: true,
    isKept: false,
    commands: ['federate test'],
    example: {
      body: { client_id: 'billing', token: 'eyJhbGciOi…' },
      answer: {
        header: { alg: 'RS256' },
        claims: { iss: 'https://token.actions.githubusercontent.com', sub: 'repo:acme/billing:ref:refs/heads/main' },
        match: { client_id: 'billing', credential: 'github' },
        credentials: [],
        is_more: false,
      },
    },
    run: async ({ management, server }, { body: { client_id: client, token: given } }) => {
      const context = { ...management, clientAuth: server.clientAuth() }
      const { jws, match, refusal: refused, comparisons, isMore } = await matchToken(context, { client, token: given })
      return {
        body: {
          header: jws.header.raw,
          claims: jws.claims,
          match: match && { client_id: match.client, credential: match.credential },
          refusal: refusalBody(server, refused),
          credentials: comparisons.map(({ client: id, ...rest }) => ({ client_id: id, ...rest })),
          is_more: isMore,
        },
        state: null,
      }
    },
  }),
  operation({
    id: 'apis.sample-token',
    method: 'GET',
    path: '/apis/{audience}/sample-token',
    summary: 'Show the token that a client would get for an API now, without its signature',
    access: 'apis:read',
    ...ofApi,
    query: z.strictObject({
      client_id: text(LONGEST_CLIENT_ID).transform(ClientId),
      scope: text(8_192).optional().describe('As in a token request; without it, the scopes that need no name.'),
    }),
    ...noBody,
    answer: z.strictObject({
      format: z.enum(['jwt', 'sealed']).optional(),
      header: json.optional().describe('The header of a JWT.'),
      claims: json.optional().describe('The claims, with placeholders for `jti` and for the key in `cnf`.'),
      lifetime: z.int().optional().describe('Seconds.'),
      binding: z.enum(['dpop', 'certificate']).optional().describe('The key to which the token would be bound.'),
      refusal: refusal.optional().describe('The reason why there would be no token.'),
      warnings: z.array(z.string()).describe('The things about the token that may surprise the API.'),
    }),
    example: {
      path: { audience: 'https://api.example.com' },
      query: { client_id: 'billing', scope: 'read' },
      answer: {
        format: 'jwt',
        header: { alg: 'ES256', typ: 'at+jwt' },
        claims: { client_id: 'billing', scope: 'read' },
        lifetime: 600,
        warnings: [],
      },
    },
    run: async ({ management, server }, { path: { audience }, query: { client_id: client, scope } }) => {
      const context = { ...management, issuer: server.issuer, defaultLifetime: server.defaultLifetime() }
      const sample = await sampleToken(context, { audience, client, scope: scope?.split(' ') })
      const { token: decided, kid, refusal: refused, warnings } = sample
      const { format, algorithm, typ } = decided?.profile ?? {}
      return {
        body: {
          format,
          header: format === 'jwt' ? { alg: algorithm, typ, kid } : undefined,
          claims: decided?.claims,
          lifetime: decided?.lifetime,
          binding: decided?.binding,
          refusal: refusalBody(server, refused),
          warnings,
        },
        state: null,
      }
    },
  }),
]
