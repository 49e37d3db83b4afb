import type { Answer } from '../../api/types.ts'

type Api = Answer<'apis.show'>

/** The form of tokens, as fields have it. */
export interface Values {
  readonly preset: string | null
  readonly format: string | null
  readonly algorithm: string | null
  readonly typ: string | null
  readonly lifetime: number | string
  readonly scopes: string | null
  readonly require: string | null
  readonly claims: string
  readonly clientClaims: string
}

const jsonText = (value: object | undefined): string => (value === undefined ? '' : JSON.stringify(value, null, 2))

export const valuesOf = ({ token = {}, require }: Api): Values => ({
  preset: token.preset ?? null,
  format: token.format ?? null,
  algorithm: token.algorithm ?? null,
  typ: token.typ ?? null,
  lifetime: token.lifetime ?? '',
  scopes: token.scope_claims?.toSorted().join(' and ') ?? null,
  require: require ?? null,
  claims: jsonText(token.claims),
  clientClaims: jsonText(token.client_claims),
})

/** The merge patch that makes one of the other (RFC 7396); undefined if a text is no JSON object. */
export function patchOf(before: Values, after: Values): Record<string, unknown> | undefined {
  const token: Record<string, unknown> = {}
  const names = { preset: 'preset', format: 'format', algorithm: 'algorithm', typ: 'typ' } as const
  for (const [field, name] of Object.entries(names) as [keyof typeof names, string][])
    if (before[field] !== after[field]) token[name] = after[field]
  if (before.lifetime !== after.lifetime) token['lifetime'] = lifetimeOf(after.lifetime)
  if (before.scopes !== after.scopes) token['scope_claims'] = after.scopes?.split(' and ') ?? null
  for (const [field, name] of [
    ['claims', 'claims'],
    ['clientClaims', 'client_claims'],
  ] as const) {
    if (before[field] === after[field]) continue
    const next = objectIn(after[field])
    if (next === undefined) return undefined
    // A merge would keep the members that were taken out.
    const gone = Object.keys(objectIn(before[field]) ?? {}).filter((key) => !Object.hasOwn(next ?? {}, key))
    token[name] = next === null ? null : { ...Object.fromEntries(gone.map((key) => [key, null])), ...next }
  }
  return {
    ...(Object.keys(token).length > 0 && { token }),
    ...(before.require !== after.require && { require: after.require }),
  }
}

/** The object of a text; null for an empty one, undefined for anything else. */
function objectIn(text: string): object | null | undefined {
  if (text.trim() === '') return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Seconds, a duration such as `10m`, or null for that of the server. */
function lifetimeOf(typed: number | string): number | string | null {
  const text = String(typed).trim()
  if (text === '') return null
  return /^\d+$/.test(text) ? Number(text) : text
}
