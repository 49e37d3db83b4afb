import { z } from 'zod'
import { type Api, type ApiTokenSettings, requiredProofs, type Scope } from '../../model/api.ts'
import { hasStar, isWildcard } from '../../model/scope-patterns.ts'
import { signingAlgorithms } from '../../oauth/algorithms.ts'
import { Audience } from '../../oauth/ids.ts'
import { isPresetName, presets } from '../../tokens/presets.ts'
import { clientFields, isClientField } from '../../tokens/profile.ts'
import { audience, claimName, claims, lifetime, line, scopeName, withoutUndefined } from './values.ts'

const clientField = line(256).refine(
  isClientField,
  `must be one of ${clientFields.join(', ')}, or metadata. and a name`,
)

const apiToken = z.strictObject({
  preset: line(64)
    .refine(isPresetName, `must be one of ${Object.keys(presets).join(', ')}`)
    .optional()
    .describe('The verifier that the API uses.'),
  format: z.enum(['jwt', 'sealed']).optional().describe('`jwt` by default.'),
  algorithm: z.enum(signingAlgorithms).optional().describe('`ES256` by default.'),
  typ: z.enum(['at+jwt', 'JWT']).optional().describe('`at+jwt` by default.'),
  lifetime: lifetime
    .optional()
    .describe("Seconds, or a duration such as 10m. The default is the server's `token.lifetime`."),
  scope_claims: z
    .array(z.enum(['scope', 'scp']))
    .min(1)
    .optional()
    .describe('`[scope]` (default; a string), `[scp]` (an array), or both.'),
  claims: claims.optional().describe('Claims in every token, except those that the server sets.'),
  client_claims: z
    .record(claimName, clientField)
    .optional()
    .describe('Claims from the client: `{ team: owner, centre: metadata.cost_centre }`.'),
})

const scopeFields = z.strictObject({
  name: scopeName.describe('With one `*`, the scope is dynamic: `transfer:*` lets a client ask for `transfer:42`.'),
  description: line(1024).optional().describe('Information for people.'),
  common: z
    .boolean()
    .optional()
    .describe(
      'Open to every client without `restrict_scopes`. Other scopes are exclusive to the clients that list them.',
    ),
  on_request: z.boolean().optional().describe('Granted only to clients that ask for it by name.'),
  wildcard: z
    .boolean()
    .optional()
    .describe('The API itself reads `*` as any text, as RabbitMQ does. It must be `true` for a name with several `*`.'),
  includes: z
    .array(scopeName)
    .min(1)
    .optional()
    .describe('The scope is a group. A client that asks for it gets the scopes that it includes.'),
})

/** A scope without its name. */
export const scopeSettingsSchema = scopeFields.omit({ name: true })

/** A scope of an API. */
export const scopeSchema = scopeFields.superRefine(({ name, wildcard, includes }, context) => {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', message, path: [field] })
  if (wildcard === true && !hasStar(name)) refuse('wildcard', 'is for a name with a *')
  if (wildcard === false && isWildcard({ name })) refuse('wildcard', 'must be true for a name with several *')
  if (includes !== undefined && hasStar(name)) refuse('includes', 'a group may have no * in its name')
})

/** An API, as the manifest has it. */
export const apiSchema = z.strictObject({
  audience: audience.describe('The absolute URI in the `aud` of its tokens, character for character.'),
  name: line(256).optional().describe('A name for people.'),
  owner: line(256).optional().describe('The group that looks after it.'),
  token: apiToken.default({}).describe('The form of its tokens.'),
  scopes: z
    .array(scopeSchema)
    .default([])
    .describe('The rights that tokens can carry at this API. Two APIs may have scopes of the same name.'),
  require: z
    .enum(requiredProofs)
    .optional()
    .describe('The key to which its tokens must be bound. `sender_constrained` takes either kind.'),
})

export type ApiInput = z.output<typeof apiSchema>

/** The API that the input describes. No input says which manifest owns it. */
export const toApi = ({ audience, name, owner, scopes, token, require }: ApiInput): Omit<Api, 'manifest'> => ({
  audience: Audience(audience),
  name,
  owner,
  scopes: scopes.map(toScope),
  token: toTokenSettings(token),
  require,
})

const toScope = ({
  name,
  description,
  common,
  on_request: onRequest,
  wildcard,
  includes,
}: ApiInput['scopes'][number]): Scope => withoutUndefined({ name, description, common, onRequest, wildcard, includes })

const toTokenSettings = ({
  scope_claims: scopeClaims,
  client_claims: clientClaims,
  ...others
}: ApiInput['token']): ApiTokenSettings => withoutUndefined({ ...others, scopeClaims, clientClaims })

/** The settings of an API, by the names of its input. `apiSchema` reads them back as the same API. */
export const fromApi = ({ audience, name, owner, scopes, token, require }: Api) => ({
  audience,
  name,
  owner,
  scopes: scopes.map(({ onRequest, includes, ...scope }) => ({
    ...scope,
    on_request: onRequest,
    includes: includes && [...includes],
  })),
  token: fromTokenSettings(token),
  require,
})

const fromTokenSettings = ({ scopeClaims, clientClaims, claims, ...others }: ApiTokenSettings) => ({
  ...others,
  claims,
  scope_claims: scopeClaims && [...scopeClaims],
  client_claims: clientClaims,
})
