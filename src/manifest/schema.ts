import { z } from 'zod'
import { grantTypes } from '../oauth/grant-types.ts'
import { isScopeName } from '../oauth/scope.ts'
import { hasControl } from '../oauth/text.ts'

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

const scopeName = line(256)
  .refine(isScopeName, 'must be a scope name: visible ASCII without space, " or \\ (RFC 6749 §3.3)')
  .refine((name) => !name.includes('*'), 'dynamic scopes (with *) are not supported by this version')

const token = z.strictObject({ lifetime: z.int().min(1).max(31_536_000).optional() })

const scope = z.strictObject({ name: scopeName, description: line(1024).optional() })

const api = z.strictObject({
  audience,
  name: line(256).optional(),
  token: token.default({}),
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
  enabled: z.boolean().default(true),
  subject: line(256).optional(),
  grant_types: z.array(z.enum(grantTypes)).default([...grantTypes]),
  credentials: z.array(credential).default([]),
  scopes: z.array(scopeName).default([]),
  default_scopes: z.array(scopeName).default([]),
  token: token.default({}),
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
