import type { Answer } from '../../../api/types.ts'

type Client = Answer<'clients.show'>

/** The settings as a form holds them: texts are empty where a setting is left out. */
export interface Values {
  readonly name: string
  readonly description: string
  readonly owner: string
  readonly tags: string[]
  /** JSON. */
  readonly metadata: string
  readonly subject: string
  readonly scopes: string[]
  readonly default_scopes: string[]
  readonly restrict_scopes: boolean
  /** Seconds, or a duration. */
  readonly lifetime: string
  /** JSON. */
  readonly claims: string
  readonly default_api: string
  readonly auth_methods: string[]
  readonly assertion_audience: string
  readonly require: string
  readonly tls_client_certificate_bound_access_tokens: boolean
  readonly introspects: string
  readonly audiences: string[]
}

const written = (value: object | undefined) =>
  value === undefined || Object.keys(value).length === 0 ? '' : JSON.stringify(value, null, 2)

export const valuesOf = (client: Client): Values => ({
  name: client.name ?? '',
  description: client.description ?? '',
  owner: client.owner ?? '',
  tags: client.tags ?? [],
  metadata: written(client.metadata),
  subject: client.subject ?? '',
  scopes: client.scopes ?? [],
  default_scopes: client.default_scopes ?? [],
  restrict_scopes: client.restrict_scopes ?? false,
  lifetime: String(client.token?.lifetime ?? ''),
  claims: written(client.token?.claims),
  default_api: client.default_api ?? '',
  auth_methods: client.auth_methods ?? [],
  assertion_audience: client.assertion_audience ?? '',
  require: client.require ?? '',
  tls_client_certificate_bound_access_tokens: client.tls_client_certificate_bound_access_tokens ?? false,
  introspects: client.introspects === 'all' ? 'all' : (client.introspects ?? []).length > 0 ? 'some' : '',
  audiences: Array.isArray(client.introspects) ? client.introspects : [],
})

/** Whether a text is empty, or a JSON object. */
export function isObjectText(text: string): boolean {
  if (text.trim() === '') return true
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const orNone = (text: string) => (text.trim() === '' ? undefined : text.trim())
const object = (text: string): unknown => (text.trim() === '' ? {} : JSON.parse(text))
const seconds = (text: string) => (/^\d+$/.test(text.trim()) ? Number(text) : orNone(text))

/** The settings that a form asks for, as the API takes them. */
const wantedOf = (values: Values): Record<string, unknown> => ({
  name: orNone(values.name),
  description: orNone(values.description),
  owner: orNone(values.owner),
  tags: values.tags,
  metadata: object(values.metadata),
  subject: orNone(values.subject),
  scopes: values.scopes,
  default_scopes: values.default_scopes,
  restrict_scopes: values.restrict_scopes,
  token: { lifetime: seconds(values.lifetime), claims: object(values.claims) },
  default_api: orNone(values.default_api),
  auth_methods: values.auth_methods.length > 0 ? values.auth_methods : undefined,
  assertion_audience: orNone(values.assertion_audience),
  require: orNone(values.require),
  tls_client_certificate_bound_access_tokens: values.tls_client_certificate_bound_access_tokens,
  introspects: values.introspects === 'all' ? 'all' : values.introspects === 'some' ? values.audiences : [],
})

/** The fields in which two states of the form differ. */
export const changedFields = (before: Values, after: Values): readonly string[] =>
  Object.entries(after).flatMap(([name, value]) =>
    JSON.stringify(value) === JSON.stringify(before[name as keyof Values]) ? [] : [name],
  )

/** The change between two states of the form as a merge patch (RFC 7396): only what differs. */
export const patchOf = (before: Values, after: Values): Record<string, unknown> =>
  mergePatch(wantedOf(before), wantedOf(after)) ?? {}

function mergePatch(before: object, after: object): Record<string, unknown> | undefined {
  const old = new Map<string, unknown>(Object.entries(before))
  const now = new Map<string, unknown>(Object.entries(after))
  const patch: Record<string, unknown> = {}
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [from, to] = [old.get(name), now.get(name)]
    if (JSON.stringify(from) === JSON.stringify(to)) continue
    patch[name] = isObject(from) && isObject(to) ? mergePatch(from, to) : (to ?? null)
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The field of the form to which a pointer of the API leads, such as `/token/lifetime/0`. */
export function fieldAt(pointer: string, values: Values): string | undefined {
  const [first = '', second = ''] = pointer.split('/').slice(1)
  if (first === 'introspects')
    return Array.isArray(values.audiences) && values.introspects === 'some' ? 'audiences' : first
  const name = first === 'token' ? second : first
  return name in values ? name : undefined
}
