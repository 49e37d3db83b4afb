import { issuesOf, parseInOurWords } from '../../input/issues.ts'
import { ADMIN_AUDIENCE } from '../../management/authority/admin-api.ts'
import { apiSchema, scopeSchema } from '../../management/schemas/api.ts'
import type { ClientInput } from '../../management/schemas/client.ts'
import { audience as audienceSchema } from '../../management/schemas/values.ts'
import { normaliseUri } from '../../oauth/uri.ts'
import type { Fields } from './fields.ts'
import { Notes } from './notes.ts'

/** An API of the manifest, as it is being made. */
export interface ApiDraft {
  readonly audience: string
  name?: string
  token?: Record<string, string | number>
  require?: string
  readonly scopes: { readonly name: string; readonly description?: string }[]
}

/** A credential as the manifest has it, or a secret, whose place the caller decides. */
export type CredentialDraft = { readonly label: string; readonly expires?: string } & (
  | { readonly secret: string; readonly retrievable?: true }
  | { readonly secret_hash: string }
  | { readonly jwks: unknown; readonly algorithm?: string | undefined }
  | { readonly jwks_uri: string; readonly algorithm?: string | undefined }
  | { readonly certificate: Readonly<Record<string, string>> }
)

/** The fields of a client that hold one value each. */
type Settings = Partial<
  Record<
    Exclude<keyof ClientInput, 'client_id' | 'credentials' | 'grants' | 'scopes' | 'default_scopes' | 'default_api'>,
    unknown
  >
>

export interface ClientDraft {
  readonly id: string
  readonly settings: Settings
  readonly credentials: readonly CredentialDraft[]
  readonly grants: readonly {
    readonly api: string
    readonly scopes: readonly string[]
    readonly defaults?: readonly string[]
  }[]
}

/** The names of a scope that OpenID Connect defines for people, and those for refresh tokens (OpenID Connect Core §5.4, §11). */
const OF_PEOPLE: ReadonlySet<string> = new Set([
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline',
  'offline_access',
])

/** The manifest that an importer makes, and the notes about it. Everything in it has the form that manifests demand. */
export class Draft {
  readonly notes = new Notes()
  readonly clients: ClientDraft[] = []
  readonly #apis = new Map<string, ApiDraft>()
  readonly #scopes = new Map<ApiDraft, Set<string>>()
  readonly #ids = new Set<string>()

  get apis(): readonly ApiDraft[] {
    return [...this.#apis.values()]
  }

  /** The API of an audience, made if it is new. Undefined, and noted, if the manifest can't have it. @param name the field that has it */
  api(audience: string, fields: Fields, name: string): ApiDraft | undefined {
    const fault = faultOfAudience(audience)
    if (fault !== undefined) {
      fields.drop(name, `${shown(audience)} ${fault}`)
      return undefined
    }
    const key = normaliseUri(audience)
    const api = this.#apis.get(key) ?? { audience, scopes: [] }
    if (api.audience !== audience) {
      fields.drop(name, `${shown(audience)} is another spelling of ${shown(api.audience)}: write it in one way`)
      return undefined
    }
    this.#apis.set(key, api)
    return api
  }

  /** The names of these scopes that the API may have; it gets those that it lacks. The others are noted. */
  scopes(
    api: ApiDraft,
    wanted: readonly string[],
    fields: Fields,
    name: string,
    describe?: (scope: string) => string | undefined,
  ) {
    const known = this.#scopes.get(api) ?? new Set<string>()
    this.#scopes.set(api, known)
    return [...new Set(wanted)].filter((scope) => {
      if (OF_PEOPLE.has(scope)) {
        fields.drop(name, `${scope} is about people, or refresh tokens`)
        return false
      }
      if (known.has(scope)) return true
      const description = describe?.(scope)
      const parsed = parseInOurWords(scopeSchema, { name: scope, ...(description && { description }) })
      const [issue] = parsed.success ? [] : issuesOf(parsed.error)
      if (issue !== undefined) {
        fields.drop(name, `the scope ${shown(scope)} ${issue.message}`)
        return false
      }
      if (scope.includes('*'))
        fields.differs(name, 'a * in a scope stands for one value that the request gives: check that it means the same')
      known.add(scope)
      api.scopes.push({ name: scope, ...(description && { description }) })
      return true
    })
  }

  /** Sets settings of an API that are valid, and notes the others. */
  configure(
    api: ApiDraft,
    { token = {}, ...settings }: Partial<Omit<ApiDraft, 'audience' | 'scopes'>>,
    fields: Fields,
  ): void {
    const isValid = (path: string, given: object): boolean => {
      const parsed = parseInOurWords(apiSchema, { audience: api.audience, ...given })
      const [issue] = parsed.success ? [] : issuesOf(parsed.error)
      if (issue !== undefined) fields.drop(path, issue.message)
      return issue === undefined
    }
    for (const [name, value] of Object.entries(settings))
      if (isValid(name, { [name]: value })) Object.assign(api, { [name]: value })
    const kept = Object.entries(token).filter(([name, value]) => isValid(`token.${name}`, { token: { [name]: value } }))
    if (kept.length > 0) api.token = Object.fromEntries(kept)
  }

  leaveOut(client: string, reason: string): void {
    this.notes.leftOut.push({ client, reason })
  }

  client(client: ClientDraft): void {
    if (this.#ids.has(client.id)) this.leaveOut(client.id, 'the export has another client of this id')
    else this.clients.push(client)
    this.#ids.add(client.id)
  }
}

/** A name of the export in a message. */
export const shown = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text)

function faultOfAudience(audience: string): string | undefined {
  if (audience === ADMIN_AUDIENCE) return 'is the audience of the admin API, which is built in'
  const parsed = parseInOurWords(audienceSchema, audience)
  return parsed.success ? undefined : issuesOf(parsed.error)[0]?.message
}
