import { z } from 'zod'
import { federationRefusals } from '../../../client-auth/federation/refusals.ts'
import { clientAuthRefusals } from '../../../client-auth/refusals.ts'
import { grantRefusals } from '../../../grants/refusals.ts'
import { signingAlgorithms } from '../../../oauth/algorithms.ts'
import { LONGEST_CLIENT_ID } from '../../../oauth/ids.ts'
import type { RefusalTable } from '../../../oauth/refusal.ts'
import { parseScope } from '../../../oauth/scope.ts'
import { nearest } from '../../../platform/nearest.ts'
import { policyRefusals } from '../../../policy/refusals.ts'
import { proofRefusals } from '../../../sender-constraint/refusals.ts'
import { tokenRefusals } from '../../../tokens/refusals.ts'
import { audience, json, lifetime, line, scopeName } from '../../schemas/values.ts'

/** The refusals that the model decides. All others come of the bytes of a request, or of the moment. */
const expectable: RefusalTable = {
  ...policyRefusals,
  ...tokenRefusals,
  ...federationRefusals,
  grant_not_allowed: grantRefusals.grant_not_allowed,
  client_disabled: clientAuthRefusals.client_disabled,
  expired_credential: clientAuthRefusals.expired_credential,
  revoked_credential: clientAuthRefusals.revoked_credential,
  method_not_allowed_here: clientAuthRefusals.method_not_allowed_here,
  federated_ambiguous: clientAuthRefusals.federated_ambiguous,
  dpop_required: proofRefusals.dpop_required,
  dpop_refused: proofRefusals.dpop_refused,
  certificate_required: proofRefusals.certificate_required,
  sender_constraint_required: proofRefusals.sender_constraint_required,
}

const codes = [...new Set(Object.values(expectable).map(({ error }) => error))]
const names: readonly string[] = [...codes, ...Object.keys(expectable)]

const refused = z.string().refine((name) => names.includes(name), {
  error: ({ input }) => {
    const meant = nearest(String(input), names)
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    return `must be ${codes.join(', ')}, or a reason of docs/reference/refusals.md that APIs and clients decide${hint}`
  },
})

/** The most scopes of a request. */
const MOST_TESTED_SCOPES = 500
const SCOPES = 'must be scopes with a space between them, or a list of scopes'

/** Scopes as a request has them, or as a list. */
const scopes = z.union(
  [
    z.array(scopeName).max(MOST_TESTED_SCOPES),
    z.string().transform((text, context) => {
      const parsed = text === '' ? [] : parseScope(text)
      if (parsed === undefined) context.addIssue({ code: 'custom', message: SCOPES })
      return [...(parsed ?? [])]
    }),
  ],
  { error: SCOPES },
)

/** The most audiences of a test. A request with over ten is refused, which a test may expect. */
const MOST_AUDIENCES = 20

const audiences = z.union([audience.transform((one) => [one]), z.array(audience).min(1).max(MOST_AUDIENCES)], {
  error: 'must be an audience such as https://api.example.com, or a list of audiences',
})

/** Claims that change with every token, or have a field of their own. */
const NOT_AMONG_CLAIMS: Readonly<Record<string, string>> = {
  aud: 'there is audience',
  cnf: 'there is bound',
  exp: 'there is lifetime',
  iat: 'it changes with every token',
  jti: 'it changes with every token',
}

const claims = z.record(line(256), json).superRefine((given, context) => {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(NOT_AMONG_CLAIMS, name)) continue
    context.addIssue({ code: 'custom', path: [name], message: `does not belong here: ${NOT_AMONG_CLAIMS[name]}` })
  }
})

/** The parts of a token that a test names. All others may be anything. */
const gets = z.strictObject({
  scopes: scopes.optional().describe('All scopes of the token, in any order.'),
  audience: audiences.optional().describe('All audiences of the token: one, or a list.'),
  lifetime: lifetime.optional().describe('Seconds, or a duration such as 10m.'),
  format: z.enum(['jwt', 'sealed']).optional().describe('As in token of an API.'),
  algorithm: z.enum(signingAlgorithms).optional().describe('As in token of an API.'),
  claims: claims.optional().describe('Claims with their values. Other claims are not checked.'),
  bound: z.enum(['dpop', 'certificate', 'nothing']).optional().describe('The kind of key to which the token is bound.'),
})

/** Characters of the token of an outside issuer, as JSON. */
const LONGEST_CLAIMS = 16_000

const matches = z.union(
  [
    z.literal('nobody'),
    z.strictObject({
      client: line(LONGEST_CLIENT_ID).describe('The client that the token authenticates.'),
      credential: line(128).optional().describe('The label of the credential, or its id.'),
    }),
  ],
  { error: 'must be nobody, or { client, credential }' },
)

/** A request for a token, and the answer that it must get. */
export const testSchema = z
  .strictObject({
    name: line(256).optional().describe('A name for people. The default is a summary of the request.'),
    client: line(LONGEST_CLIENT_ID).optional().describe('The id of the client that sends the request.'),
    token: z
      .record(line(256), json)
      .refine((claims) => JSON.stringify(claims).length <= LONGEST_CLAIMS, 'must be less than 16 KB of JSON')
      .optional()
      .describe('The claims of a token of an outside issuer, with which the client authenticates.'),
    scope: scopes.optional().describe('The requested scopes: text with a space between them, or a list.'),
    resource: audiences.default([]).describe('The requested API, by its audience; or a list.'),
    dpop: z.boolean().default(false).describe('Whether the request has a DPoP proof.'),
    certificate: z.boolean().default(false).describe('Whether the request has a client certificate.'),
    gets: gets.optional().describe('The token that the request gets.'),
    refused: refused.optional().describe('The error code, or the reason, of the refusal.'),
    matches: matches.optional().describe('The client that the token authenticates, or nobody.'),
  })
  .superRefine(({ client, token, gets, refused, matches }, context) => {
    const refuse = (path: readonly string[], message: string) =>
      context.addIssue({ code: 'custom', path: [...path], message })
    if (client === undefined && token === undefined)
      refuse([], 'must have the client of the request, or the token of an outside issuer that it sends')
    if (gets === undefined && refused === undefined && matches === undefined)
      refuse(
        [],
        token === undefined
          ? 'expects nothing: give gets or refused'
          : 'expects nothing: give matches, gets or refused',
      )
    if (gets !== undefined && refused !== undefined) refuse(['refused'], 'give gets or refused, not both')
    if (matches !== undefined && token === undefined) refuse(['matches'], 'is for tests with a token')
    if (matches === 'nobody' && gets !== undefined) refuse(['gets'], 'a token that matches nobody gets nothing')
  })

export type ManifestTest = z.output<typeof testSchema>
