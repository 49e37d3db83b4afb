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
    .optional(),
  format: z.enum(['jwt', 'sealed']).optional(),
  algorithm: z.enum(signingAlgorithms).optional(),
  typ: z.enum(['at+jwt', 'JWT']).optional(),
  lifetime: lifetime.optional(),
  scope_claims: z
    .array(z.enum(['scope', 'scp']))
    .min(1)
    .optional(),
  claims: claims.optional(),
  client_claims: z.record(claimName, clientField).optional(),
})

const scopeFields = z.strictObject({
  name: scopeName,
  description: line(1024).optional(),
  common: z.boolean().optional(),
  on_request: z.boolean().optional(),
  wildcard: z.boolean().optional(),
  includes: z.array(scopeName).min(1).optional(),
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
  audience,
  name: line(256).optional(),
  owner: line(256).optional(),
  token: apiToken.default({}),
  scopes: z.array(scopeSchema).default([]),
  require: z.enum(requiredProofs).optional(),
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
