import { isDeepStrictEqual } from 'node:util'
import { type KeyAlgorithm, SEALING } from '../keys/algorithms.ts'
import type { Api, ApiTokenSettings, Claims } from '../model/api.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { Client } from '../model/client.ts'
import { STATEMENT_ALGORITHM } from '../oauth/algorithms.ts'
import { cut } from '../platform/text.ts'
import { refusal as policyRefusal } from '../policy/refusals.ts'
import { isPresetName, type Preset, presets } from './presets.ts'
import { refusal } from './refusals.ts'
import type { TokenProfile } from './token-profile.ts'

/** Resolves the profile of an API from its own settings, then those of its preset, then the defaults of RFC 9068. */
export function resolveProfile(settings: ApiTokenSettings): TokenProfile {
  const { preset } = settings
  const chosen: Preset | undefined = preset !== undefined && isPresetName(preset) ? presets[preset] : undefined
  const merged: ApiTokenSettings = { ...chosen?.sets, ...settings }
  return {
    format: merged.format ?? 'jwt',
    algorithm: merged.algorithm ?? 'ES256',
    typ: merged.typ ?? 'at+jwt',
    lifetime: merged.lifetime,
    scopeClaims: merged.scopeClaims ?? ['scope'],
    claims: merged.claims ?? {},
    clientClaims: merged.clientClaims ?? {},
  }
}

/** The profiles of APIs, each worked out once for as long as its API does not change. */
export class TokenProfiles {
  /** An entry goes with its API. */
  readonly #ofApis = new WeakMap<Api, TokenProfile>()

  /** The profile of an API, kept until the API changes. */
  #of(api: Api): TokenProfile {
    const profile = this.#ofApis.get(api) ?? resolveProfile(api.token)
    this.#ofApis.set(api, profile)
    return profile
  }

  /**
   * The profile of a token for several APIs. They must agree on everything except the lifetime, of which the shortest counts, in
   * seconds.
   * @throws Refusal `incompatible_targets`
   */
  shared(apis: readonly Api[], defaultLifetime: number): { readonly profile: TokenProfile; readonly lifetime: number } {
    const [first, ...others] = apis
    if (first === undefined) throw policyRefusal('no_scope')
    const profile = this.#of(first)
    let lifetime = profile.lifetime ?? defaultLifetime
    for (const other of others.map((api) => this.#of(api))) {
      if (fieldsThatDiffer(profile, other).length > 0)
        throw refusal('incompatible_targets', { detail: this.#differences(apis) })
      lifetime = Math.min(lifetime, other.lifetime ?? defaultLifetime)
    }
    return { profile, lifetime }
  }

  /** The fields in which these APIs differ, with the value at each API. Claims may be long, so only their names are given. */
  #differences(apis: readonly Api[]) {
    const profiles = apis.map((api) => ({ api: api.audience, profile: this.#of(api) }))
    const differing = new Set(
      profiles.flatMap(({ profile }) => profiles.flatMap((other) => fieldsThatDiffer(profile, other.profile))),
    )
    return {
      apis: profiles.map(({ api, profile: { claims, clientClaims, ...others } }) => {
        const shown = { ...others, claims: Object.keys(claims), clientClaims: Object.keys(clientClaims) }
        const fields = Object.entries(shown).filter(([name]) => differing.has(name))
        return { api: cut(api), ...Object.fromEntries(fields.map(([name, value]) => [name, cut(String(value))])) }
      }),
    }
  }
}

/** The names of the fields in which two profiles differ. APIs need not agree on the lifetime. */
function fieldsThatDiffer(one: TokenProfile, other: TokenProfile): readonly string[] {
  const { lifetime: _, ...fields } = one
  const others = new Map<string, unknown>(Object.entries(other))
  return Object.entries(fields).flatMap(([name, value]) => (isDeepStrictEqual(value, others.get(name)) ? [] : [name]))
}

/** The fields of a client that may become claims. In addition, `metadata.` and a name refer to an entry of its metadata. */
export const clientFields = ['name', 'description', 'owner', 'tags'] as const
const METADATA = 'metadata.'

export const isClientField = (field: string): boolean =>
  clientFields.some((name) => name === field) || (field.startsWith(METADATA) && field.length > METADATA.length)

/** The claims that an API takes from the client. Fields that the client does not have are left out. */
export function clientClaims(profile: TokenProfile, client: Client): Claims {
  const claims: Record<string, unknown> = {}
  for (const [claim, field] of Object.entries(profile.clientClaims)) {
    const value = field.startsWith(METADATA)
      ? client.metadata[field.slice(METADATA.length)]
      : clientFields.filter((name) => name === field).map((name) => client[name])[0]
    if (value !== undefined) claims[claim] = value
  }
  return claims
}

/** The algorithms that need keys: those of the APIs, and the one of our own statements. */
export const algorithmsInUse = (apis: ApiSet): readonly KeyAlgorithm[] => {
  const ofApis = apis.all
    .map(({ token }) => resolveProfile(token))
    .map(({ format, algorithm }) => (format === 'sealed' ? SEALING : algorithm))
  return [...new Set<KeyAlgorithm>([STATEMENT_ALGORITHM, ...ofApis])]
}
