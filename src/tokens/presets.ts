import type { ApiTokenSettings } from '../model/api.ts'
import type { TokenProfile } from './token-profile.ts'

/** The requirements of a common verifier. */
export interface Preset {
  readonly title: string
  /** The settings of an API with this preset, unless the API has its own. */
  readonly sets: ApiTokenSettings
  /** The required properties of a profile. If `works` is false, applying the manifest warns with `why`. */
  readonly needs: readonly { readonly works: (profile: TokenProfile) => boolean; readonly why: string }[]
  /** Further notes for its users. */
  readonly notes: readonly string[]
}

const isJwt = {
  works: ({ format }: TokenProfile) => format === 'jwt',
  why: 'it verifies JWTs, and cannot read sealed tokens',
}
const algorithmIn = (algorithms: readonly string[], why: string) => ({
  works: ({ format, algorithm }: TokenProfile) => format !== 'jwt' || algorithms.includes(algorithm),
  why,
})
const typIsJwt = (why: string) => ({ works: ({ typ }: TokenProfile) => typ === 'JWT', why })
const scopeString = (why: string) => ({ works: ({ scopeClaims }: TokenProfile) => scopeClaims.includes('scope'), why })

/** Every preset, by its name in the manifest. docs/reference/presets.md is generated from this table. */
export const presets = {
  'spring-security': {
    title: 'Spring Security, Spring Boot (`oauth2-resource-server`)',
    sets: { typ: 'JWT', algorithm: 'RS256' },
    needs: [isJwt, typIsJwt('it rejects `at+jwt` unless its decoder is configured for it: the typ must be JWT')],
    notes: [
      'With `jwk-set-uri` alone it expects RS256; with `issuer-uri` it takes whatever algorithm the key set has.',
      'Set `spring.security.oauth2.resourceserver.jwt.audiences`: without it the audience is not checked.',
    ],
  },
  'aws-api-gateway': {
    title: 'AWS API Gateway (JWT authorizer of HTTP APIs)',
    sets: { algorithm: 'RS256' },
    needs: [isJwt, algorithmIn(['RS256'], 'it knows only RSA signatures: the algorithm must be RS256')],
    notes: [
      'It keeps keys for two hours: `keys.publish_before` must be longer.',
      'It looks at `client_id` only in tokens without `aud`. Our tokens always have one.',
    ],
  },
  rabbitmq: {
    title: 'RabbitMQ (`rabbitmq_auth_backend_oauth2`)',
    sets: {},
    needs: [
      isJwt,
      algorithmIn(['ES256', 'RS256'], 'it is known to accept only ES256 and RS256'),
      scopeString('it reads permissions from `scope`'),
    ],
    notes: [
      'Its `resource_server_id` must be the audience, and scopes are named `<resource_server_id>.read:…` unless `scope_prefix` says otherwise.',
      'RabbitMQ scopes with `*` in two places, such as `read:*/*`, can not be scopes here: give them in a claim (`claims`) that `additional_scopes_key` names.',
    ],
  },
  envoy: {
    title: 'Envoy (`jwt_authn`)',
    sets: {},
    needs: [isJwt],
    notes: [
      'Give `audiences` to its provider: without them the audience is not checked.',
      'It fetches keys only at fixed intervals, every 10 minutes by default (`cache_duration`): `keys.publish_before` must be longer.',
    ],
  },
  'apache-mod-oauth2': {
    title: 'Apache mod_oauth2 (liboauth2)',
    sets: {},
    needs: [isJwt, algorithmIn(['ES256', 'RS256', 'PS256'], 'its library knows no EdDSA: choose another algorithm')],
    notes: [
      'Give it `Require oauth2_claim aud:…`: by itself it checks neither the audience nor the issuer.',
      'It fetches keys again when a token names an unknown key.',
      'It trusts only the authorities of its machine.',
    ],
  },
  'express-oauth2-jwt-bearer': {
    title: 'express-oauth2-jwt-bearer',
    sets: { typ: 'at+jwt' },
    needs: [isJwt, { works: ({ typ }) => typ === 'at+jwt', why: 'in strict mode it wants `at+jwt` (RFC 9068 §2.1)' }],
    notes: ['It reads the metadata by itself: `issuerBaseURL` and `audience` are all it needs.'],
  },
  'fastify-jwt-jwks': {
    title: 'fastify-jwt-jwks',
    sets: { algorithm: 'RS256' },
    needs: [isJwt, algorithmIn(['RS256', 'EdDSA'], 'it knows RS256 and EdDSA only')],
    notes: [
      'Give it `issuer`: without one it expects the origin of the key set with a slash at its end.',
      'It asks for each key once and keeps the answer for a week, even if the key was not found. `keys.publish_before` prevents that.',
    ],
  },
  'aws-jwt-verify': {
    title: 'aws-jwt-verify',
    sets: {},
    needs: [isJwt, algorithmIn(['ES256', 'RS256', 'EdDSA'], 'it knows no PS256')],
    notes: ['After an unknown key it waits ten seconds before it fetches keys again.'],
  },
  dovecot: {
    title: 'Dovecot (`oauth2`, tokens validated by itself)',
    sets: { typ: 'JWT' },
    needs: [
      isJwt,
      typIsJwt('it refuses `at+jwt`: the typ must be JWT'),
      algorithmIn(['ES256', 'RS256', 'PS256'], 'it knows no EdDSA: choose another algorithm'),
    ],
    notes: [
      'It reads no key set: have a job copy each key, as PEM, to `shared/default/<algorithm>/<kid>` of its dictionary, as soon as it is published.',
      'With introspection it takes every token, and needs no preset: the client in the URL, `introspection_mode = post`, `active_attribute`, `username_attribute = sub`.',
    ],
  },
  opentelemetry: {
    title: 'OpenTelemetry Collector (`oidcauthextension`)',
    sets: {},
    needs: [isJwt],
    notes: [
      'It accepts the algorithms in `id_token_signing_alg_values_supported` of the metadata, or only RS256 if that is missing. No setting changes this.',
      'Issuer, audience and CA are all it needs.',
    ],
  },
  'go-oidc': {
    title: 'coreos/go-oidc, and programs built on it',
    sets: {},
    needs: [isJwt],
    notes: [
      'With `NewProvider` it accepts the algorithms in `id_token_signing_alg_values_supported` of the metadata. With keys from elsewhere it accepts only RS256, unless `SupportedSigningAlgs` names more.',
      '`ClientID` of its verifier is the audience.',
    ],
  },
  'oauth2-proxy': {
    title: 'oauth2-proxy (`--skip-jwt-bearer-tokens`)',
    sets: { algorithm: 'RS256' },
    needs: [isJwt],
    notes: [
      'It takes ES256 as well with `--oidc-enabled-signing-alg=ES256`.',
      'Give it `--oidc-email-claim=sub`: tokens of machines have no address.',
    ],
  },
} as const satisfies Record<string, Preset>

/** Verifiers that accept the default tokens, with notes about each. docs/reference/presets.md lists them as well. */
export const presetless = {
  'Kubernetes API server': 'issuer, audience and CA; the user name from `sub`. It knows no EdDSA.',
  'Apache Kafka':
    'issuer and audience for `OAuthBearerValidatorCallbackHandler`, and the system property `allowed.urls`.',
  Quarkus:
    '`quarkus.oidc.auth-server-url` and `quarkus.oidc.token.audience`. It takes sealed tokens by introspection, too.',
  'Nimbus JOSE+JWT': '`new DefaultJOSEObjectTypeVerifier("at+jwt")`.',
  'jose4j, SmallRye JWT': 'SmallRye must be told the algorithms.',
  PyJWT: '`PyJWKClient`, audience and issuer.',
  'lestrrat-go/jwx, MicahParks/keyfunc': 'nothing; [keys.md](../operating/keys.md) says when they fetch keys again.',
  'go-jose, joserfc, jwcrypto, Rust jsonwebtoken': 'fetching keys is up to you.',
  authlib: 'its validator of RFC 9068 takes ES256 and RS256; fetching keys is up to you.',
  'Apache mod_auth_openidc': '`OIDCOAuthVerifyJwksUri` and `Require claim aud:…`, or introspection.',
} as const satisfies Record<string, string>

export type PresetName = keyof typeof presets

export const isPresetName = (name: string): name is PresetName => Object.hasOwn(presets, name)

/** The conflicts between a profile and the preset that it names; empty if there are none. */
export function presetWarnings(name: string | undefined, profile: TokenProfile): readonly string[] {
  if (name === undefined || !isPresetName(name)) return []
  const { needs }: Preset = presets[name]
  return needs.filter(({ works }) => !works(profile)).map(({ why }) => `does not work with ${name}: ${why}`)
}
