import type { ApiTokenSettings } from '../directory/api.ts'
import type { TokenProfile } from './profile.ts'

/** What a verifier that people use needs of a token. */
export interface Preset {
  readonly title: string
  /** What an API with this preset gets where it says nothing itself. */
  readonly sets: ApiTokenSettings
  /** What it takes, and what happens otherwise; where `works` is false, applying the profile warns. */
  readonly needs: readonly { readonly works: (profile: TokenProfile) => boolean; readonly why: string }[]
  /** What else its users should know. */
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
const scopeString = (why: string) => ({ works: ({ scopeClaims }: TokenProfile) => scopeClaims.includes('scope'), why })

/** Every preset, by its name in the manifest; docs/presets.md is made of this. */
export const presets = {
  'spring-security': {
    title: 'Spring Security, Spring Boot (`oauth2-resource-server`)',
    sets: { typ: 'JWT', algorithm: 'RS256' },
    needs: [
      isJwt,
      {
        works: ({ typ }) => typ === 'JWT',
        why: 'it rejects `at+jwt` unless its decoder is configured for it: the typ must be JWT',
      },
    ],
    notes: [
      'With `jwk-set-uri` alone it expects RS256; with `issuer-uri` it takes whatever algorithm the key set has.',
      'Set `spring.security.oauth2.resourceserver.jwt.audiences`: without it the audience is not checked.',
    ],
  },
  'aws-api-gateway': {
    title: 'AWS API Gateway (JWT authorizer of HTTP APIs)',
    sets: { algorithm: 'RS256' },
    needs: [isJwt, algorithmIn(['RS256'], 'it knows RSA signatures only: the algorithm must be RS256')],
    notes: [
      'It keeps keys for two hours: `keys.publish_before` must be longer.',
      'It looks at `client_id` only in tokens without `aud`, which ours never are.',
    ],
  },
  rabbitmq: {
    title: 'RabbitMQ (`rabbitmq_auth_backend_oauth2`)',
    sets: { algorithm: 'RS256' },
    needs: [isJwt, scopeString('it reads permissions from `scope`')],
    notes: [
      'Its `resource_server_id` must be the audience, and scopes are named `<resource_server_id>.read:…` unless `scope_prefix` says otherwise.',
    ],
  },
  envoy: {
    title: 'Envoy (`jwt_authn`)',
    sets: {},
    needs: [isJwt],
    notes: ['Give `audiences` to its provider: without them the audience is not checked.'],
  },
  'apache-mod-oauth2': {
    title: 'Apache mod_oauth2 (liboauth2)',
    sets: {},
    needs: [isJwt, algorithmIn(['ES256', 'RS256', 'PS256'], 'its library knows no EdDSA: choose another algorithm')],
    notes: ['It keeps keys for a day: `keys.publish_before` must be at least that, as it is by default.'],
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
      'It asks for each key once, and keeps the answer for a week, even that there is none: `keys.publish_before` prevents that.',
    ],
  },
  'aws-jwt-verify': {
    title: 'aws-jwt-verify',
    sets: {},
    needs: [isJwt, algorithmIn(['ES256', 'RS256', 'EdDSA'], 'it knows no PS256')],
    notes: ['After a key that it does not find it waits ten seconds before it asks again.'],
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof presets

export const isPresetName = (name: string): name is PresetName => Object.hasOwn(presets, name)

/** What won't work between a profile and the preset it names; empty where all is well. */
export function presetWarnings(name: string | undefined, profile: TokenProfile): readonly string[] {
  if (name === undefined || !isPresetName(name)) return []
  const { needs }: Preset = presets[name]
  return needs.filter(({ works }) => !works(profile)).map(({ why }) => `does not work with ${name}: ${why}`)
}
