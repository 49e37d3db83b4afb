import { KeyError } from '../crypto/jws/key-error.ts'
import { parseKeySet } from '../crypto/jws/public-key.ts'
import { issuesOf, parseInOurWords } from '../input/issues.ts'
import { SHORTEST_RETRIEVABLE } from '../management/credentials/make.ts'
import { clientSchema } from '../management/schemas/client.ts'
import { withoutUndefined } from '../management/schemas/values.ts'
import { parseMatcher } from '../model/credentials/certificate-subject.ts'
import { redactText } from '../platform/redact.ts'
import { UserError } from '../platform/user-error.ts'
import type { ApiDraft, ClientDraft, CredentialDraft, Draft } from './draft/draft.ts'

/** A secret that the manifest looks up in the environment. */
export interface Variable {
  readonly name: string
  readonly client: string
  readonly value: string
}

interface ImportedManifest {
  readonly manifest: {
    readonly apis: readonly ApiDraft[]
    readonly clients: readonly Readonly<Record<string, unknown>>[]
  }
  readonly variables: readonly Variable[]
}

/**
 * Makes the manifest of a draft. Clients, fields and credentials that no manifest may have are left out, and noted.
 * @param withSecrets whether the manifest has the secrets themselves, instead of the names of variables
 */
export function toManifest(draft: Draft, withSecrets: boolean): ImportedManifest {
  const variables = new Variables()
  const clients = draft.clients.flatMap((client) => {
    const made = toClient(client, draft)
    if (made === undefined) return []
    const credentials = made.credentials.map((credential) =>
      'secret' in credential && !withSecrets ? variables.take(client.id, credential) : credential,
    )
    return [{ ...made, credentials }]
  })
  return { manifest: { apis: draft.apis, clients }, variables: variables.all }
}

function toClient({ id, settings, credentials, grants }: ClientDraft, draft: Draft) {
  const note = (outcome: 'dropped' | 'differs', path: string, text: string) =>
    draft.notes.add({ outcome, path, text, subject: id })
  const usable = credentials.filter((credential) => {
    const fault = faultOf(credential)
    if (fault !== undefined) note('dropped', 'credential', fault)
    return fault === undefined
  })
  if (usable.length === 0) note('differs', 'client', 'it has no credential that could be kept: give it one')
  const joined = join(grants)
  if (joined.length === 0) note('differs', 'client', 'it has no scope at any API, so it gets no token: give it one')
  if (joined.length > 1)
    note(
      'differs',
      'client',
      'it has several APIs: a request names one (resource or audience), unless you set default_api',
    )
  let client = { client_id: id, ...withoutUndefined(settings), grants: joined, credentials: usable }
  for (const issue of issuesIn({ ...client, credentials: [] })) {
    const [field] = issue.path
    if (field === 'client_id' || field === 'grants' || typeof field !== 'string') {
      draft.leaveOut(id, `its ${String(field)} ${issue.message}`)
      return undefined
    }
    note('dropped', `client.${issue.path.join('.')}`, issue.message)
    client = { ...client, [field]: undefined }
  }
  if (!isReadable(client.metadata)) {
    note('dropped', 'client.metadata', UNREADABLE)
    client = { ...client, metadata: undefined }
  }
  return withoutUndefined(client)
}

const UNREADABLE = 'has a number that is too large, or half of a character'

/** Whether each number and text in a value is read from YAML as it was written. The value has few levels. */
const isReadable = (value: unknown): boolean => {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, inner]) => name.isWellFormed() && isReadable(inner))
}

function issuesIn(client: object) {
  const parsed = parseInOurWords(clientSchema, client)
  return parsed.success ? [] : issuesOf(parsed.error)
}

/** One grant for each API. */
function join(grants: ClientDraft['grants']) {
  return [...Map.groupBy(grants, ({ api }) => api)].flatMap(([api, all]) => {
    const scopes = [...new Set(all.flatMap((one) => one.scopes))]
    const defaults = [...new Set(all.flatMap((one) => one.defaults ?? []))]
    return scopes.length === 0 ? [] : [{ api, scopes, ...(defaults.length > 0 && { default_scopes: defaults }) }]
  })
}

/** Why a manifest may not have the credential, in words that follow its name. It repeats no secret. */
function faultOf(credential: CredentialDraft): string | undefined {
  if ('retrievable' in credential && Buffer.byteLength(credential.secret) < SHORTEST_RETRIEVABLE)
    return `the secret is shorter than ${SHORTEST_RETRIEVABLE} bytes, and can't sign (RFC 7518 §3.2): give the client a new one`
  const [issue] = issuesIn({ client_id: 'any', credentials: [credential] })
  if (issue !== undefined) return `${issue.path.slice(2).join('.')} ${issue.message}`
  try {
    if ('jwks' in credential && !isReadable(credential.jwks)) return UNREADABLE
    if ('jwks' in credential) parseKeySet(credential.jwks, { strict: true })
    if ('certificate' in credential) parseMatcher(credential.certificate)
    return undefined
  } catch (error) {
    if (error instanceof KeyError || error instanceof UserError) return error.message
    throw error
  }
}

/** Names a variable for each secret. */
class Variables {
  readonly all: Variable[] = []
  readonly #names = new Set<string>()

  take(client: string, { secret, ...credential }: CredentialDraft & { readonly secret: string }) {
    const plain = `${client}_SECRET`
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .slice(0, 128)
    const wanted = /^[A-Z_]/.test(plain) && redactText(plain) === plain ? plain : `CLIENT_${plain}`
    let name = wanted
    for (let count = 2; this.#names.has(name); count += 1) name = `${wanted}_${count}`
    this.#names.add(name)
    this.all.push({ name, client, value: secret })
    return { ...credential, secret_env: name }
  }
}
