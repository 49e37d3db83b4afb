import { z } from 'zod'
import { signingAlgorithms } from '../oauth/algorithms.ts'
import { grantTypes } from '../oauth/grant-types.ts'
import { isScopeName } from '../oauth/scope.ts'
import { hasControl } from '../oauth/text.ts'
import { isReservedClaim } from '../tokens/claims.ts'
import { isPresetName, presets } from '../tokens/presets.ts'
import { clientFields, isClientField } from '../tokens/profile.ts'

/** Text without control characters, as it may stand on a page, in a header or in a log line. */
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

/** A scope, or with one `*` a dynamic one. */
const scopeName = line(256)
  .refine(isScopeName, 'must be a scope name: visible ASCII without space, " or \\ (RFC 6749 §3.3)')
  .refine((name) => name.indexOf('*') === name.lastIndexOf('*'), 'may have one * only')
  .refine((name) => name !== '*', 'must be more than *')

const lifetime = z.int().min(1).max(31_536_000)

const claimName = line(256).refine((name) => !isReservedClaim(name), 'is a claim that only the server sets')
const MOST_CLAIMS = 4_096
const claims = z
  .record(claimName, z.json())
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

const scope = z.strictObject({
  name: scopeName,
  description: line(1024).optional(),
  common: z.boolean().optional(),
  on_request: z.boolean().optional(),
  includes: z.array(scopeName).min(1).optional(),
})

const api = z.strictObject({
  audience,
  name: line(256).optional(),
  token: apiToken.default({}),
  scopes: z.array(scope).default([]),
})

/** A secret given, named by an environment variable, or to be generated. */
const credential = z
  .strictObject({
    label: line(128).default(''),
    secret: line(1024).optional(),
    secret_env: line(256).optional(),
    expires: z.iso.datetime({ offset: true, error: 'must be a time such as 2030-01-01T00:00:00Z' }).optional(),
  })
  .refine(({ secret, secret_env }) => secret === undefined || secret_env === undefined, {
    error: 'give secret or secret_env, not both',
    path: ['secret_env'],
  })

const client = z.strictObject({
  client_id: line(256),
  name: line(256).optional(),
  description: line(1024).optional(),
  owner: line(256).optional(),
  tags: z.array(line(128)).default([]),
  metadata: z.record(line(128), z.json()).default({}),
  enabled: z.boolean().default(true),
  subject: line(256).optional(),
  grant_types: z.array(z.enum(grantTypes)).default([...grantTypes]),
  credentials: z.array(credential).default([]),
  scopes: z.array(scopeName).default([]),
  restrict_scopes: z.boolean().default(false),
  default_scopes: z.array(scopeName).default([]),
  token: z.strictObject({ lifetime: lifetime.optional(), claims: claims.optional() }).default({}),
  introspects: z.union([z.literal('all'), z.array(audience)]).default([]),
})

export const manifestSchema = z.strictObject({
  apis: z.array(api).default([]),
  clients: z.array(client).default([]),
})

/** A manifest as written, checked in its form but not yet against the rest of the model. */
export type Manifest = z.output<typeof manifestSchema>
export type ManifestApi = Manifest['apis'][number]
export type ManifestClient = Manifest['clients'][number]
export type ManifestCredential = ManifestClient['credentials'][number]
