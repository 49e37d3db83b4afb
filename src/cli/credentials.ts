import { isAsymmetric } from '../crypto/jws/algorithms.ts'
import { secretOfVariable } from '../input/secret.ts'
import type { Given } from '../management/credentials/make.ts'
import {
  type AddingOperations,
  addCredential,
  cancelRotation,
  labelCredential,
  type Made,
  removeCredential,
  revokeCredential,
  rotateCredential,
  type Wanted,
} from '../management/credentials/operations.ts'
import { parseTrustFile } from '../management/manifest/trust-file.ts'
import type { Credential, Jwk, UnreadableCredential } from '../model/credentials/credential.ts'
import { statusOf, type UsedCredential } from '../model/credentials/status.ts'
import { ClientId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { LONGEST_FILE } from '../platform/files.ts'
import { UserError } from '../platform/user-error.ts'
import { credentialMaker, withDatabase } from './database.ts'
import { parseDuration, parseMoment } from './duration.ts'
import { withNewSecrets } from './new-secrets.ts'
import { print, printable, say } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'

/** What every command on credentials takes. */
interface CommonOptions {
  readonly json?: true
  readonly config?: string
}

/** What a new credential is made of; a secret is generated where nothing is given. */
interface NewOptions extends CommonOptions {
  readonly label?: string
  readonly expires?: string
  readonly secretEnv?: string
  readonly retrievable?: true
  readonly jwks?: string
  readonly jwksUri?: string
  readonly algorithm?: string
  readonly certificate?: string
  readonly federated?: string
}

/** `tessera credentials list`: what a client has, and how it stands. */
export const credentialsList = (client: string, { json, config }: CommonOptions): Promise<void> =>
  withDatabase(config, async ({ store }) => {
    const all = await store.credentials.listCredentials(ClientId(client))
    if (all === undefined) throw new UserError(`there is no client ${JSON.stringify(client)}`)
    const { found, unreadable } = all
    if (json) {
      print(JSON.stringify([...found.map((one) => asJson(one, found)), ...unreadable.map(unreadableAsJson)]))
      return
    }
    for (const one of found) print(asLine(one, found))
    for (const { id, label, problem } of unreadable)
      print(printable(`${id}  ${JSON.stringify(label)}  can't be read: ${problem}`))
  })

/** `tessera credentials add`: one more, beside those there are. */
export const credentialsAdd = (client: string, options: NewOptions): Promise<void> =>
  withOperations(options, async (operations) => {
    reportGiven(await addCredential(operations, ClientId(client), await wantedBy(options)), options)
  })

/** `tessera credentials rotate`: the next one, and an overlap for the one before. */
export const credentialsRotate = (
  client: string,
  credential: string | undefined,
  options: NewOptions & { readonly overlap: string },
): Promise<void> =>
  withOperations(options, async (operations) => {
    const overlap = parseDuration(options.overlap, '--overlap')
    const made = await rotateCredential(operations, ClientId(client), credential, await wantedBy(options), overlap)
    reportGiven(made, options)
    if (!options.json)
      say(`The one before, ${printable(made.old.label || made.old.id)}, is good until ${time(made.old.expiresAt)}.`)
  })

/** `tessera credentials cancel`: undoes a rotation. */
export const credentialsCancel = (client: string, credential: string, options: CommonOptions): Promise<void> =>
  withOperations(options, async (operations) => {
    const old = await cancelRotation(operations, ClientId(client), credential)
    reportChange(old, options, `is good again${old.expiresAt === undefined ? '' : ` until ${time(old.expiresAt)}`}`)
  })

/** `tessera credentials revoke`: ends one now. */
export const credentialsRevoke = (client: string, credential: string, options: CommonOptions): Promise<void> =>
  withOperations(options, async (operations) => {
    reportChange(await revokeCredential(operations, ClientId(client), credential), options, 'is revoked')
    if (!options.json) sayThatTokensLive(client)
  })

function sayThatTokensLive(client: string): void {
  say('Within a second, every server rejects it. Tokens already issued with it stay valid:')
  say(`tessera revoke --client ${printable(client)} ends those, too.`)
}

/** `tessera credentials remove`: removes one for good. */
export const credentialsRemove = (client: string, credential: string, options: CommonOptions): Promise<void> =>
  withOperations(options, async (operations) => {
    const removed = await removeCredential(operations, ClientId(client), credential)
    if ('problem' in removed) {
      const what = options.json
        ? JSON.stringify(unreadableAsJson(removed))
        : `${printable(removed.label || removed.id)} is removed`
      return print(what)
    }
    reportChange(removed, options, 'is removed')
    if (options.json) return
    sayThatTokensLive(client)
    if (removed.origin === 'manifest')
      say('Its manifest does not bring it back: remove it there, or give it another label, secret or key.')
  })

/** `tessera credentials label`: gives one another label. */
export const credentialsLabel = (
  client: string,
  credential: string,
  label: string,
  options: CommonOptions,
): Promise<void> =>
  withOperations(options, async (operations) => {
    reportChange(await labelCredential(operations, ClientId(client), credential, label), options, 'has its new label')
  })

const withOperations = (options: CommonOptions, work: (operations: AddingOperations) => Promise<void>): Promise<void> =>
  withNewSecrets((show) =>
    withDatabase(options.config, (opened) =>
      work({
        store: opened.store.credentials,
        maker: credentialMaker(opened),
        show: (made) => {
          if (!options.json) say('Its secret is shown this once:')
          show(asText(made, options))
        },
      }),
    ),
  )

async function wantedBy(options: NewOptions): Promise<Wanted> {
  const { label, expires } = options
  return {
    given: await givenBy(options),
    label,
    expiresAt: expires === undefined ? undefined : parseMoment(expires, '--expires', systemClock.now()),
  }
}

async function givenBy({ secretEnv, retrievable, jwks, jwksUri, algorithm, certificate, federated }: NewOptions) {
  const given = {
    '--secret-env': secretEnv,
    '--jwks': jwks,
    '--jwks-uri': jwksUri,
    '--certificate': certificate,
    '--federated': federated,
  }
  const [first, second] = Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (second !== undefined) throw new UserError(`give ${first} or ${second}, not both`)
  if (algorithm !== undefined && !isAsymmetric(algorithm)) throw new UserError(`--algorithm: ${algorithm} is not known`)
  if (jwks !== undefined) return { kind: 'keys', source: { jwks: await readKeys(jwks) }, algorithm } satisfies Given
  if (jwksUri !== undefined) return { kind: 'keys', source: { jwksUri }, algorithm } satisfies Given
  if (certificate !== undefined) return { kind: 'certificate', matcher: parsePair(certificate) } satisfies Given
  if (federated !== undefined)
    return {
      kind: 'federated',
      trust: parseTrustFile(nameOfInput(federated), await readTextInput(federated, LONGEST_FILE)),
    } satisfies Given
  if (secretEnv === undefined && retrievable === undefined) return undefined
  const secret = secretEnv === undefined ? undefined : secretOfVariable('--secret-env', secretEnv, process.env)
  return { kind: 'secret', secret, isRetrievable: retrievable === true } satisfies Given
}

/** A JWK set, or one key alone. */
async function readKeys(file: string): Promise<readonly Jwk[]> {
  let json: ({ readonly keys?: readonly Jwk[] } & Jwk) | null
  const text = await readTextInput(file, LONGEST_FILE)
  try {
    json = JSON.parse(text)
  } catch {
    throw new UserError(`${nameOfInput(file)} is not JSON`)
  }
  if (typeof json !== 'object' || json === null) throw new UserError(`${nameOfInput(file)} is no JWK set`)
  return Array.isArray(json.keys) ? json.keys : [json]
}

/** `san_dns=edge.example.com`. */
function parsePair(text: string): Readonly<Record<string, string>> {
  const equals = text.indexOf('=')
  if (equals === -1) throw new UserError('--certificate must be a name and a value, such as san_dns=edge.example.com')
  return { [text.slice(0, equals)]: text.slice(equals + 1) }
}

const time = (at: number | undefined): string => (at === undefined ? 'for ever' : new Date(at).toISOString())

function asJson(one: UsedCredential, all: readonly UsedCredential[]) {
  const { id, kind, label, hint, origin, createdAt, expiresAt, revokedAt, replaces } = one.credential
  const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString())
  return {
    id,
    kind,
    label,
    hint,
    origin,
    status: statusOf(all, one, systemClock.now()),
    created: iso(createdAt),
    expires: iso(expiresAt),
    last_used: iso(one.lastUsedAt),
    revoked: iso(revokedAt),
    replaces: replaces?.id,
  }
}

function asLine(one: UsedCredential, all: readonly UsedCredential[]): string {
  const { id, kind, label, hint, status, created, expires, last_used: used } = asJson(one, all)
  const fields = [id, kind, JSON.stringify(label), ...(hint === '' ? [] : [`…${hint}`]), status]
  return printable(
    `${fields.join('  ')}  created ${created}  ${expires === undefined ? 'no expiry' : `expires ${expires}`}  ${used === undefined ? 'never used' : `last used ${used}`}`,
  )
}

const unreadableAsJson = ({ id, label, problem }: UnreadableCredential) => ({
  id,
  label,
  status: 'unreadable',
  unreadable: problem,
})

const alone = (credential: Credential): UsedCredential => ({ credential, lastUsedAt: undefined })

function asText({ credential, generated }: Made, { json }: CommonOptions): string {
  const one = alone(credential)
  if (json) return JSON.stringify({ ...asJson(one, [one]), secret: generated })
  return [asLine(one, [one]), ...(generated === undefined ? [] : [generated])].join('\n')
}

/** Reports a credential whose secret was not generated. A generated secret was already shown. */
function reportGiven(made: Made, options: CommonOptions): void {
  if (made.generated === undefined) print(asText(made, options))
}

function reportChange(credential: Credential, { json }: CommonOptions, what: string): void {
  const one = alone(credential)
  if (json) print(JSON.stringify(asJson(one, [one])))
  else print(`${printable(credential.label || credential.id)} ${what}`)
}
