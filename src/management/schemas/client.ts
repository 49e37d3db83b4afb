import { z } from 'zod'
import { type Claims, requiredProofs } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import { MOST_IMPORTED } from '../../model/credentials/imported-hash.ts'
import { MOST_VALID } from '../../model/credentials/life.ts'
import { clientAuthMethodNames } from '../../oauth/client-auth-methods.ts'
import { grantTypes } from '../../oauth/grant-types.ts'
import { Audience, ClientId, LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { newCredentialSchema } from './credential.ts'
import { audience, claims, json, lifetime, line, scopeName, withoutUndefined } from './values.ts'

/** The scopes of a client at one API. */
const grant = z.strictObject({
  api: audience.describe('The audience of the API.'),
  scopes: z.array(scopeName).default([]).describe('The scopes that it may be granted there.'),
  default_scopes: z.array(scopeName).default([]).describe('The scopes of a request for this API without `scope`.'),
})

/** The credentials of a client. */
export const credentialList = <Schema extends z.ZodType<{ readonly secret_hash?: unknown }>>(one: Schema) =>
  z
    .array(one)
    .refine(
      (all) => all.filter(({ secret_hash: imported }) => imported !== undefined).length <= MOST_IMPORTED,
      `may have at most ${MOST_IMPORTED} with a secret_hash`,
    )

/** A client, as the manifest has it. */
export const clientSchema = z.strictObject({
  client_id: line(LONGEST_CLIENT_ID).describe('The id with which it authenticates.'),
  name: line(256).optional().describe('Information for people.'),
  description: line(1024).optional().describe('Information for people.'),
  owner: line(256).optional().describe('The group that looks after it.'),
  tags: z.array(line(128)).default([]).describe('Information for people.'),
  metadata: z.record(line(128), json).default({}).describe('Any data that its owners want to keep with it.'),
  enabled: z
    .boolean()
    .default(true)
    .describe('`false` refuses the client as if it did not exist, and ends its tokens for good.'),
  subject: line(256).optional().describe('The `sub` of its tokens. The default is the client id.'),
  grant_types: z
    .array(z.enum(grantTypes))
    .default([...grantTypes])
    .describe('The default is `[client_credentials]`.'),
  credentials: credentialList(newCredentialSchema)
    .default([])
    .describe(`Up to ${MOST_VALID} may be valid at the same time.`),
  scopes: z
    .array(scopeName)
    .default([])
    .describe(
      'The scopes that it may be granted, at every API that has a scope of that name: scopes, groups, dynamic and wildcard scopes, or single values of those.',
    ),
  restrict_scopes: z
    .boolean()
    .default(false)
    .describe('`true`: nothing beyond `scopes` and `grants`, not even common scopes.'),
  default_scopes: z
    .array(scopeName)
    .default([])
    .describe('The scopes of a request without `scope`. The default is every scope that it may have at the API.'),
  grants: z
    .array(grant)
    .default([])
    .describe(
      'The scopes that it may be granted at one API alone. This gives least privilege if two APIs have a scope of the same name.',
    ),
  default_api: audience
    .optional()
    .describe(
      'The API of a request without `resource`, if that API grants the request. For clients that can not send `resource`, such as those of Kafka.',
    ),
  token: z
    .strictObject({
      lifetime: lifetime.optional().describe('Seconds, or a duration such as 10m.'),
      claims: claims.optional().describe('Claims in every token, except those that the server sets.'),
    })
    .default({})
    .describe('The lifetime and claims of its tokens. They override those of the API.'),
  introspects: z
    .union([z.literal('all'), z.array(audience)], { error: 'must be all, or a list of audiences' })
    .default([])
    .describe('The audiences whose tokens it may introspect, or `all`.'),
  auth_methods: z
    .array(z.enum(clientAuthMethodNames))
    .min(1)
    .optional()
    .describe('The methods that it may use. The default is every method for which it has a credential.'),
  assertion_audience: z
    .enum(['issuer', 'compatible'])
    .optional()
    .describe('`issuer` (default), or `compatible`: its assertions may name the token endpoint, or both.'),
  require: z
    .enum(requiredProofs)
    .optional()
    .describe('The key to which its tokens must be bound. `sender_constrained` takes either kind.'),
  tls_client_certificate_bound_access_tokens: z
    .boolean()
    .default(false)
    .describe('`true` binds its tokens to its certificate if it presents one and no DPoP proof (RFC 8705 §3.4).'),
})

export type ClientInput = z.output<typeof clientSchema>

/** A client without its credentials, which are resources of their own. */
export const clientSettingsSchema = clientSchema.omit({ credentials: true })

export type ClientSettings = z.output<typeof clientSettingsSchema>

/** The client that the input describes, without its credentials. No input says which manifest owns it. */
export const toClient = (input: ClientInput): Omit<Client, 'credentials' | 'manifest'> => ({
  id: ClientId(input.client_id),
  name: input.name,
  description: input.description,
  owner: input.owner,
  tags: input.tags,
  metadata: input.metadata,
  enabled: input.enabled,
  subject: input.subject,
  grantTypes: input.grant_types,
  scopes: input.scopes,
  restrictScopes: input.restrict_scopes,
  defaultScopes: input.default_scopes,
  grants: input.grants.map(({ api, scopes, default_scopes: defaultScopes }) => ({
    api: Audience(api),
    scopes,
    defaultScopes,
  })),
  defaultApi: input.default_api === undefined ? undefined : Audience(input.default_api),
  token: withoutUndefined(input.token),
  introspects: input.introspects === 'all' ? 'all' : input.introspects.map(Audience),
  authentication: withoutUndefined({ methods: input.auth_methods, assertionAudience: input.assertion_audience }),
  require: input.require,
  bindsToCertificate: input.tls_client_certificate_bound_access_tokens,
})

/** The settings of a client, by the names of its input. `clientSettingsSchema` reads them back as the same client. */
export const fromClient = (client: Client): ClientSettings => ({
  client_id: client.id,
  name: client.name,
  description: client.description,
  owner: client.owner,
  tags: [...client.tags],
  metadata: readJson(client.metadata),
  enabled: client.enabled,
  subject: client.subject,
  grant_types: [...client.grantTypes],
  scopes: [...client.scopes],
  restrict_scopes: client.restrictScopes,
  default_scopes: [...client.defaultScopes],
  grants: client.grants.map(({ api, scopes, defaultScopes }) => ({
    api,
    scopes: [...scopes],
    default_scopes: [...defaultScopes],
  })),
  default_api: client.defaultApi,
  token: { lifetime: client.token.lifetime, claims: client.token.claims && readJson(client.token.claims) },
  introspects: client.introspects === 'all' ? 'all' : [...client.introspects],
  auth_methods: client.authentication.methods && [...client.authentication.methods],
  assertion_audience: client.authentication.assertionAudience,
  require: client.require,
  tls_client_certificate_bound_access_tokens: client.bindsToCertificate,
})

/** Values that were stored as JSON. */
const readJson = (values: Claims): Record<string, z.core.util.JSONType> => z.record(z.string(), z.json()).parse(values)
