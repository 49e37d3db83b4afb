/** The endpoints of the runtime listener, as their page describes them. Tests compare each fact with a running server. */

import { assertionRefusals } from '../../src/client-auth/assertions/refusals.ts'
import { certificateRefusals } from '../../src/client-auth/certificates/refusals.ts'
import { federationRefusals } from '../../src/client-auth/federation/refusals.ts'
import { clientAuthRefusals } from '../../src/client-auth/refusals.ts'
import { remoteKeyRefusals } from '../../src/client-auth/remote-jwks/refusals.ts'
import { endpointRefusals } from '../../src/endpoints/refusals.ts'
import { grantRefusals } from '../../src/grants/refusals.ts'
import { domainRefusals, httpRefusals } from '../../src/http/refusals.ts'
import type { EndpointName } from '../../src/oauth/endpoints.ts'
import { VALIDATE_BEARER } from '../../src/oauth/grant-types.ts'
import type { RefusalTable } from '../../src/oauth/refusal.ts'
import { policyRefusals } from '../../src/policy/refusals.ts'
import { proofRefusals } from '../../src/sender-constraint/refusals.ts'
import { introspectionRefusals } from '../../src/tokens/introspection/refusals.ts'
import { tokenRefusals } from '../../src/tokens/refusals.ts'

/** A request that the page shows. A test sends it to a server with the page's manifest. */
export interface Example {
  readonly title: string
  /** The client that authenticates; undefined if none does. */
  readonly client?: string
  readonly headers?: Readonly<Record<string, string>>
  /** `$TOKEN` stands for the token of the first example. */
  readonly form?: Readonly<Record<string, string>>
  readonly status: number
  /** The answer: JSON whose values are examples, or text. */
  readonly answer: unknown
}

export interface DescribedEndpoint {
  readonly title: string
  readonly standard: string
  readonly purpose: string
  readonly methods: readonly string[]
  readonly authenticates: boolean
  /** Parameters of the form beside those of client authentication. Each has its grants, if only some read it. */
  readonly parameters: readonly { readonly name: string; readonly meaning: string; readonly grants?: string }[]
  readonly notes: readonly string[]
  /** Those that no other section lists. */
  readonly refusals: readonly RefusalTable[]
  readonly examples: readonly Example[]
}

/** The parameters of client authentication. */
export const authenticationParameters = [
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
] as const

/** The manifest of the examples. */
export const exampleManifest = `apis:
  - audience: https://orders.example.com
    scopes: [{ name: "orders:read" }]
clients:
  - client_id: nightly
    scopes: ["orders:read"]
    credentials: [{ secret_env: NIGHTLY_SECRET }]
  - client_id: orders-api # the API itself
    introspects: [https://orders.example.com]
    credentials: [{ secret_env: ORDERS_API_SECRET }]
`

/** The variable that holds the secret of a client. */
export const secretVariable = (client: string): string => `${client.toUpperCase().replaceAll('-', '_')}_SECRET`

const { query_parameters, audit_full, no_authorization_endpoint, not_the_clients_token, ...ofGrants } = endpointRefusals
const { grant_not_allowed, malformed_scope, token_missing, token_not_valid } = grantRefusals

/** The refusals of any request. */
export const generalRefusals: readonly RefusalTable[] = [httpRefusals, domainRefusals]

/** The refusals of a request in which a client authenticates. */
export const clientRefusals: readonly RefusalTable[] = [
  { query_parameters },
  clientAuthRefusals,
  assertionRefusals,
  federationRefusals,
  certificateRefusals,
  remoteKeyRefusals,
]

/** The claims of a token, as introspection answers with them. */
const claims = {
  iss: 'https://auth.example.com',
  aud: 'https://orders.example.com',
  sub: 'nightly',
  client_id: 'nightly',
  iat: 1798000000,
  exp: 1798014400,
  jti: '0192e4a1-7c55-7bd0-a1d5-6b1f6b1a2c3d',
  scope: 'orders:read',
}

const document = (title: string, standard: string, purpose: string, answer: unknown): DescribedEndpoint => ({
  title,
  standard,
  purpose,
  methods: ['GET', 'HEAD', 'OPTIONS'],
  authenticates: false,
  parameters: [],
  notes: [
    'Pages in browsers may read it (`Access-Control-Allow-Origin: *`), and caches may keep it (`Cache-Control`).',
  ],
  refusals: [],
  examples: [{ title: 'Read it', status: 200, answer }],
})

export const endpointTable: Readonly<Record<EndpointName, DescribedEndpoint>> = {
  token: {
    title: 'Token',
    standard: 'RFC 6749 §3.2, §4.4',
    purpose: 'A client authenticates and gets an access token.',
    methods: ['POST'],
    authenticates: true,
    parameters: [
      { name: 'grant_type', meaning: `\`client_credentials\`, or \`${VALIDATE_BEARER}\`. Required.` },
      {
        name: 'scope',
        meaning: 'The requested scopes, with a space between them. Without it, the client gets its default scopes.',
        grants: 'client_credentials',
      },
      {
        name: 'resource',
        meaning: 'The `audience` of an API (RFC 8707 §2). It may be repeated.',
        grants: 'client_credentials',
      },
      { name: 'audience', meaning: 'The same as `resource`, for clients that say so.', grants: 'client_credentials' },
      {
        name: 'token',
        meaning:
          'The token that the client wants to validate. Required. The client must list its API in `introspects`.',
        grants: VALIDATE_BEARER,
      },
    ],
    notes: [
      'With the header `DPoP` (RFC 9449 §5), the token is bound to the key of the proof, and `token_type` is `DPoP`.',
      'The answer always has `scope`, also if the client got just the scopes that it requested.',
      'The id of the request is the `jti` of the token. `tessera explain` with that id tells how the decision was made.',
    ],
    refusals: [
      { ...ofGrants, audit_full },
      { grant_not_allowed, malformed_scope, token_missing, token_not_valid },
      policyRefusals,
      tokenRefusals,
      proofRefusals,
      introspectionRefusals,
    ],
    examples: [
      {
        title: 'Get a token',
        client: 'nightly',
        form: { grant_type: 'client_credentials', scope: 'orders:read' },
        status: 200,
        answer: { access_token: 'eyJ…', token_type: 'Bearer', expires_in: 14400, scope: 'orders:read' },
      },
      {
        title: 'Ask for a scope that the client does not have',
        client: 'nightly',
        form: { grant_type: 'client_credentials', scope: 'orders:write' },
        status: 400,
        answer: {
          error: policyRefusals.scope_not_allowed.error,
          error_description: `${policyRefusals.scope_not_allowed.description} (request 0192e4a1-…)`,
        },
      },
      {
        title: 'Validate a token as with PingFederate',
        client: 'orders-api',
        form: { grant_type: VALIDATE_BEARER, token: '$TOKEN' },
        status: 200,
        answer: {
          access_token: claims,
          token_type: 'urn:pingidentity.com:oauth2:validated_token',
          expires_in: 14390,
          scope: 'orders:read',
          client_id: 'nightly',
        },
      },
    ],
  },
  introspection: {
    title: 'Introspection',
    standard: 'RFC 7662 §2, RFC 9701',
    purpose:
      'An API asks whether a token is active, and gets its claims. The client must list the API in `introspects`.',
    methods: ['POST'],
    authenticates: true,
    parameters: [{ name: 'token', meaning: 'The token. Required. `token_type_hint` is ignored.' }],
    notes: [
      'A token that has expired, was revoked, is for another API or is no token at all gives `{"active":false}`.',
      'With `Accept: application/token-introspection+jwt`, the answer is a signed JWT with the claim `token_introspection`.',
    ],
    refusals: [{ token_missing }, introspectionRefusals],
    examples: [
      {
        title: 'Introspect a token',
        client: 'orders-api',
        form: { token: '$TOKEN' },
        status: 200,
        answer: { active: true, ...claims, token_type: 'Bearer' },
      },
      {
        title: 'Introspect a text that is no token',
        client: 'orders-api',
        form: { token: 'no-token' },
        status: 200,
        answer: { active: false },
      },
    ],
  },
  revocation: {
    title: 'Revocation',
    standard: 'RFC 7009 §2',
    purpose: 'A client revokes one of its own tokens. Every process of the server honours that within a second.',
    methods: ['POST'],
    authenticates: true,
    parameters: [{ name: 'token', meaning: 'The token. Required. `token_type_hint` is ignored.' }],
    notes: ['A token revoked before, a text that is no token and a token of another client get the same answer.'],
    refusals: [{ token_missing, not_the_clients_token, audit_full }],
    examples: [{ title: 'Revoke a token', client: 'nightly', form: { token: '$TOKEN' }, status: 200, answer: '' }],
  },
  authorization: {
    title: 'Authorization',
    standard: 'RFC 6749 §3.1',
    purpose:
      'It refuses every request: machines use the token endpoint. Some clients refuse metadata without its address.',
    methods: ['GET', 'HEAD', 'POST'],
    authenticates: false,
    parameters: [],
    notes: [],
    refusals: [{ no_authorization_endpoint }],
    examples: [
      {
        title: 'Its only answer',
        status: 400,
        answer: {
          error: no_authorization_endpoint.error,
          error_description: `${no_authorization_endpoint.description} (request 0192e4a1-…)`,
        },
      },
    ],
  },
  keys: {
    ...document('Key set', 'RFC 7517 §5', 'The public keys with which APIs verify tokens.', {
      keys: [{ kid: 'xQ2…', kty: 'EC', crv: 'P-256', x: 'f83…', y: 'x_F…', alg: 'ES256', use: 'sig' }],
    }),
    notes: [
      'It has each key before, while and after it signs: [keys](../operating/keys.md).',
      'With `If-None-Match`, the answer is 304 if the `ETag` is still the same.',
      'Pages in browsers may read it (`Access-Control-Allow-Origin: *`). `Cache-Control` says how long it may be kept.',
    ],
  },
  metadata: document(
    'Metadata',
    'RFC 8414 §3',
    'The addresses and abilities of the server, for clients that discover it.',
    {
      issuer: 'https://auth.example.com',
      token_endpoint: 'https://auth.example.com/as/token.oauth2',
      jwks_uri: 'https://auth.example.com/pf/JWKS',
    },
  ),
  openid_configuration: document(
    'OpenID configuration',
    'OpenID Connect Discovery 1.0 §4',
    'The metadata for clients and verifiers that know this path only. The server issues no ID tokens.',
    { issuer: 'https://auth.example.com', jwks_uri: 'https://auth.example.com/pf/JWKS' },
  ),
  heartbeat: {
    title: 'Heartbeat',
    standard: 'the path of PingFederate',
    purpose:
      'A load balancer asks whether the process listens. [Load balancers](../operating/load-balancers.md) has better checks.',
    methods: ['GET', 'HEAD'],
    authenticates: false,
    parameters: [],
    notes: ['The path of the issuer does not precede it.'],
    refusals: [],
    examples: [{ title: 'Ask for it', status: 200, answer: 'OK' }],
  },
}
