import { z } from 'zod'
import { asymmetricAlgorithms } from '../../crypto/jws/algorithms.ts'
import { MOST_KEYS } from '../../crypto/jws/public-key.ts'
import { readSecret } from '../../input/secret.ts'
import { requiredProofs } from '../../model/api.ts'
import { hasStar, isWildcard } from '../../model/scope-patterns.ts'
import { signingAlgorithms } from '../../oauth/algorithms.ts'
import { clientAuthMethodNames } from '../../oauth/client-auth-methods.ts'
import { grantTypes } from '../../oauth/grant-types.ts'
import { LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { isScopeName, LONGEST_SCOPE } from '../../oauth/scope.ts'
import { redactText } from '../../platform/redact.ts'
import { hasControl } from '../../platform/text.ts'
import { isReservedClaim } from '../../tokens/claims.ts'
import { isPresetName, presets } from '../../tokens/presets.ts'
import { clientFields, isClientField } from '../../tokens/profile.ts'

/** Text without control characters, which is safe on a page, in a header and in a log line. */
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => !hasControl(text), 'must not hold control characters')

/** RFC 8707 §2: an absolute URI without a fragment. */
const audience = line(1024).refine(
  (text) => /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(text),
  'must be an absolute URI without a fragment, for example https://api.example.com',
)

/** The name of a scope. With one `*` the scope is dynamic; with several it is a wildcard scope. */
const scopeName = line(LONGEST_SCOPE)
  .refine(isScopeName, 'must be a scope name: visible ASCII without space, " or \\ (RFC 6749 §3.3)')
  .refine((name) => /[^*]/.test(name), 'must be more than *')

const lifetime = z.int().min(1).max(31_536_000)

/** The most levels of lists and maps. Readers of tokens limit the depth, as `platform/json.ts` does. */
const DEEPEST = 16

const isShallow = (value: unknown, levels = DEEPEST): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((one) => isShallow(one, levels - 1)))

const json = z
  .unknown()
  .refine((value) => isShallow(value), `must not have over ${DEEPEST} levels of lists and maps`)
  .pipe(z.json())

const claimName = line(256).refine((name) => !isReservedClaim(name), 'is a claim that only the server sets')
const MOST_CLAIMS = 4_096
const claims = z
  .record(claimName, json)
  .refine((all) => JSON.stringify(all).length <= MOST_CLAIMS, 'must be less than 4 KiB of JSON')

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

const scope = z
  .strictObject({
    name: scopeName,
    description: line(1024).optional(),
    common: z.boolean().optional(),
    on_request: z.boolean().optional(),
    wildcard: z.boolean().optional(),
    includes: z.array(scopeName).min(1).optional(),
  })
  .superRefine(({ name, wildcard, includes }, context) => {
    const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', message, path: [field] })
    if (wildcard === true && !hasStar(name)) refuse('wildcard', 'is for a name with a *')
    if (wildcard === false && isWildcard({ name })) refuse('wildcard', 'must be true for a name with several *')
    if (includes !== undefined && hasStar(name)) refuse('includes', 'a group may have no * in its name')
  })

const api = z.strictObject({
  audience,
  name: line(256).optional(),
  token: apiToken.default({}),
  scopes: z.array(scope).default([]),
  require: z.enum(requiredProofs).optional(),
})

/** The fields of which a credential has at most one. Without any, a secret is generated. */
const credentialFields = ['secret', 'secret_env', 'jwks', 'jwks_uri', 'certificate', 'federated'] as const

const url = line(2_000)

/** A JWK Set (RFC 7517 §5). The plan checks the keys themselves. */
const jwks = z.strictObject({ keys: z.array(z.record(z.string(), json)).min(1).max(MOST_KEYS) })

const scalar = z.union([z.string().max(1_024), z.number(), z.boolean()], {
  error: 'must be text, a number, true or false',
})

/** The tokens of an outside issuer that authenticate the client. */
export const federatedSchema = z.strictObject({
  issuer: url,
  audience: z.union([line(1_024), z.array(line(1_024)).min(1)], { error: 'must be text, or a list of texts' }),
  subject: line(1_024).optional(),
  claims: z.record(line(256), scalar).optional(),
  when: z.string().min(1).max(2_048).optional(),
  algorithms: z.array(z.enum(asymmetricAlgorithms)).min(1).optional(),
  jwks_uri: url.optional(),
  jwks: jwks.optional(),
  max_age: z.int().min(1).optional(),
})

const certificate = z
  .strictObject({
    subject_dn: line(1_024).optional(),
    san_dns: line(256).optional(),
    san_uri: line(1_024).optional(),
    san_ip: line(64).optional(),
    san_email: line(320).optional(),
    thumbprint: line(64).optional(),
  })
  .refine((names) => Object.values(names).filter((value) => value !== undefined).length === 1, {
    error: 'must have exactly one of subject_dn, san_dns, san_uri, san_ip, san_email, thumbprint',
  })

/** Whether a text is the name of a variable. Any other text might be the secret itself, so nobody looks it up or shows it. */
const isVariableName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text) && redactText(text) === text

/** A secret, checked by the same rule as secrets from other sources. */
const secret = z.string().transform((given, context) => {
  const read = readSecret(given)
  if (read.fault !== undefined) context.addIssue({ code: 'custom', message: read.fault })
  return read.secret ?? given
})

/** A credential: a secret that is given, in an environment variable, or generated; or keys, a certificate or a trust. */
const credential = z
  .strictObject({
    label: line(128).default(''),
    secret: secret.optional(),
    secret_env: line(256).refine(isVariableName, 'must be the name of an environment variable').optional(),
    retrievable: z.boolean().optional(),
    jwks: jwks.optional(),
    jwks_uri: url.optional(),
    algorithm: z.enum(asymmetricAlgorithms).optional(),
    certificate: certificate.optional(),
    federated: federatedSchema.optional(),
    expires: z.iso.datetime({ offset: true, error: 'must be a time such as 2030-01-01T00:00:00Z' }).optional(),
  })
  .superRefine((given, context) => {
    const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', message, path: [field] })
    const [first, second] = credentialFields.filter((field) => given[field] !== undefined)
    if (first !== undefined && second !== undefined) refuse(second, `give ${first} or ${second}, not both`)
    const isSecret = first === undefined || first === 'secret' || first === 'secret_env'
    const isKeys = first === 'jwks' || first === 'jwks_uri'
    if (given.retrievable !== undefined && !isSecret) refuse('retrievable', 'is for secrets only')
    if (given.algorithm !== undefined && !isKeys) refuse('algorithm', 'is for jwks and jwks_uri only')
  })

/** The scopes of a client at one API. */
const grant = z.strictObject({
  api: audience,
  scopes: z.array(scopeName).default([]),
  default_scopes: z.array(scopeName).default([]),
})

const client = z.strictObject({
  client_id: line(LONGEST_CLIENT_ID),
  name: line(256).optional(),
  description: line(1024).optional(),
  owner: line(256).optional(),
  tags: z.array(line(128)).default([]),
  metadata: z.record(line(128), json).default({}),
  enabled: z.boolean().default(true),
  subject: line(256).optional(),
  grant_types: z.array(z.enum(grantTypes)).default([...grantTypes]),
  credentials: z.array(credential).default([]),
  scopes: z.array(scopeName).default([]),
  restrict_scopes: z.boolean().default(false),
  default_scopes: z.array(scopeName).default([]),
  grants: z.array(grant).default([]),
  default_api: audience.optional(),
  token: z.strictObject({ lifetime: lifetime.optional(), claims: claims.optional() }).default({}),
  introspects: z
    .union([z.literal('all'), z.array(audience)], { error: 'must be all, or a list of audiences' })
    .default([]),
  auth_methods: z.array(z.enum(clientAuthMethodNames)).min(1).optional(),
  assertion_audience: z.enum(['issuer', 'compatible']).optional(),
  require: z.enum(requiredProofs).optional(),
  tls_client_certificate_bound_access_tokens: z.boolean().default(false),
})

export const manifestSchema = z.strictObject({
  apis: z.array(api).default([]),
  clients: z.array(client).default([]),
})

/** A manifest that has the right form, but was not yet compared with the model. */
export type Manifest = z.output<typeof manifestSchema>
export type ManifestApi = Manifest['apis'][number]
export type ManifestClient = Manifest['clients'][number]
export type ManifestCredential = ManifestClient['credentials'][number]
export type ManifestFederated = z.output<typeof federatedSchema>
