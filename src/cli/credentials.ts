import { isAsymmetric } from '../crypto/jws/algorithms.ts'
import { secretOfVariable } from '../input/secret.ts'
import { addCredential } from '../management/credentials/add.ts'
import { cancelRotation } from '../management/credentials/cancel.ts'
import type { ShowSecret } from '../management/credentials/change.ts'
import { labelCredential } from '../management/credentials/label.ts'
import { listCredentials } from '../management/credentials/list.ts'
import type { CredentialSpec, MadeCredential, MakingContext, ProofSpec } from '../management/credentials/make.ts'
import { removeCredential } from '../management/credentials/remove.ts'
import { revokeCredential } from '../management/credentials/revoke.ts'
import { rotateCredential } from '../management/credentials/rotate.ts'
import { parseTrustFile } from '../management/manifest/trust-file.ts'
import type { Credential, Jwk, UnreadableCredential } from '../model/credentials/credential.ts'
import { statusOf, type UsedCredential } from '../model/credentials/status.ts'
import { ClientId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { LONGEST_FILE } from '../platform/files.ts'
import type { Styled } from '../platform/standard-streams.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { managementContext, withDatabase } from './database.ts'
import { parseDuration, parseMoment } from './duration.ts'
import { clientEffect } from './effects.ts'
import { isForPeople, type OutputOptions, show, textOf } from './format.ts'
import { withNewSecrets } from './new-secrets.ts'
import { print, printable, say } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'
import { type Column, printTable } from './table.ts'

/** The options of every command on credentials. */
interface CommonOptions extends OutputOptions, ConfirmOptions {
  readonly config?: string
}

/** The options that describe a new credential. Without any, a secret is generated. */
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

/** `tessera credentials list`: prints the credentials of a client and their status. */
export const credentialsList = (client: string, { config, ...output }: CommonOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const { found, unreadable } = await listCredentials(managementContext(opened), ClientId(client))
    const data: readonly CredentialJson[] = [
      ...found.map((one) => asJson(one, found)),
      ...unreadable.map(unreadableAsJson),
    ]
    show(output, { data, forPeople: () => printTable(data, credentialColumns) })
  })

/** `tessera credentials add`: adds a credential to a client. */
export const credentialsAdd = (client: string, options: NewOptions): Promise<void> =>
  withShown(options, async (context, show) => {
    const spec = await specOf(options)
    reportGiven(await addCredential(context, { client: ClientId(client), spec, show }), options)
  })

/** `tessera credentials rotate`: adds the successor of a credential, which expires after the overlap. */
export const credentialsRotate = (
  client: string,
  credential: string | undefined,
  options: NewOptions & { readonly overlap: string },
): Promise<void> =>
  withShown(options, async (context, show) => {
    const overlap = parseDuration(options.overlap, '--overlap')
    const spec = await specOf(options)
    const made = await rotateCredential(context, { client: ClientId(client), name: credential, spec, overlap, show })
    reportGiven(made, options)
    if (isForPeople(options))
      say(
        `The old credential, ${printable(made.old.label || made.old.id)}, is valid until ${time(made.old.expiresAt)}.`,
      )
  })

/** `tessera credentials cancel`: undoes a rotation. */
export const credentialsCancel = (client: string, credential: string, options: CommonOptions): Promise<void> =>
  withContext(options, async (context) => {
    const old = await cancelRotation(context, { client: ClientId(client), name: credential })
    reportChange(old, options, `is valid again${old.expiresAt === undefined ? '' : ` until ${time(old.expiresAt)}`}`)
  })

/** `tessera credentials revoke`: revokes a credential now. */
export const credentialsRevoke = (client: string, credential: string, options: CommonOptions): Promise<void> =>
  withContext(options, async (context) => {
    await confirmEnd('revoke', context, { client, credential, options })
    reportChange(await revokeCredential(context, { client: ClientId(client), name: credential }), options, 'is revoked')
    if (isForPeople(options)) sayThatTokensLive(client)
  })

interface Ending {
  readonly client: string
  readonly credential: string
  readonly options: CommonOptions
}

async function confirmEnd(
  verb: 'revoke' | 'remove',
  context: MakingContext,
  { client, credential, options }: Ending,
): Promise<void> {
  const effect = await clientEffect(context, ClientId(client), credential)
  const action = `${verb} the credential ${JSON.stringify(credential)} of ${JSON.stringify(client)}`
  await confirm({ action, effect }, options)
}

function sayThatTokensLive(client: string): void {
  say('Every server rejects it within one second. Tokens already issued with it stay valid.')
  say(`To end those, too, run: tessera revoke --client ${printable(client)}`)
}

/** `tessera credentials remove`: removes a credential for good. */
export const credentialsRemove = (client: string, credential: string, options: CommonOptions): Promise<void> =>
  withContext(options, async (context) => {
    await confirmEnd('remove', context, { client, credential, options })
    const removed = await removeCredential(context, { client: ClientId(client), name: credential })
    if ('problem' in removed) {
      const forPeople = () => print(`${printable(removed.label || removed.id)} is removed`)
      return show(options, { data: unreadableAsJson(removed), forPeople })
    }
    reportChange(removed, options, 'is removed')
    if (!isForPeople(options)) return
    sayThatTokensLive(client)
    if (removed.origin === 'manifest')
      say('Its manifest does not bring it back: remove it there, or give it another label, secret or key.')
  })

/** `tessera credentials label`: gives a credential another label. */
export const credentialsLabel = (
  client: string,
  credential: string,
  label: string,
  options: CommonOptions,
): Promise<void> =>
  withContext(options, async (context) => {
    const labelled = await labelCredential(context, { client: ClientId(client), name: credential, label })
    reportChange(labelled, options, 'has its new label')
  })

const withContext = (options: CommonOptions, work: (context: MakingContext) => Promise<void>): Promise<void> =>
  withDatabase(options.config, (opened) => work(managementContext(opened)))

/** Like `withContext`, for commands that may make a secret. */
const withShown = (
  options: CommonOptions,
  work: (context: MakingContext, show: ShowSecret) => Promise<void>,
): Promise<void> =>
  withNewSecrets((reveal) =>
    withContext(options, (context) =>
      work(context, (made) => {
        if (isForPeople(options)) say('The secret is shown only once:')
        reveal(asText(made, options))
      }),
    ),
  )

async function specOf(options: NewOptions): Promise<CredentialSpec> {
  const { label, expires } = options
  return {
    proof: await proofOf(options),
    label,
    expiresAt: expires === undefined ? undefined : parseMoment(expires, '--expires', systemClock.now()),
  }
}

async function proofOf({ secretEnv, retrievable, jwks, jwksUri, algorithm, certificate, federated }: NewOptions) {
  const given = {
    '--secret-env': secretEnv,
    '--jwks': jwks,
    '--jwks-uri': jwksUri,
    '--certificate': certificate,
    '--federated': federated,
  }
  const [first, second] = Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (second !== undefined) throw new UsageError(`give ${first} or ${second}, not both`)
  if (algorithm !== undefined && !isAsymmetric(algorithm))
    throw new UsageError(`--algorithm: ${algorithm} is not known`)
  if (jwks !== undefined) return { kind: 'keys', source: { jwks: await readKeys(jwks) }, algorithm } satisfies ProofSpec
  if (jwksUri !== undefined) return { kind: 'keys', source: { jwksUri }, algorithm } satisfies ProofSpec
  if (certificate !== undefined) return { kind: 'certificate', matcher: parsePair(certificate) } satisfies ProofSpec
  if (federated !== undefined)
    return {
      kind: 'federated',
      trust: parseTrustFile(nameOfInput(federated), await readTextInput(federated, LONGEST_FILE)),
    } satisfies ProofSpec
  if (secretEnv === undefined && retrievable === undefined) return undefined
  const secret = secretEnv === undefined ? undefined : secretOfVariable('--secret-env', secretEnv, process.env)
  return { kind: 'secret', secret, isRetrievable: retrievable === true } satisfies ProofSpec
}

/** Reads a JWK set, or a single key. @throws UserError */
async function readKeys(file: string): Promise<readonly Jwk[]> {
  let json: ({ readonly keys?: readonly Jwk[] } & Jwk) | null
  const text = await readTextInput(file, LONGEST_FILE)
  try {
    json = JSON.parse(text)
  } catch {
    throw new UserError(`${nameOfInput(file)} is not JSON`)
  }
  if (typeof json !== 'object' || json === null) throw new UserError(`${nameOfInput(file)} is not a JWK set`)
  return Array.isArray(json.keys) ? json.keys : [json]
}

/** Parses a name and a value, such as `san_dns=edge.example.com`. @throws UserError */
function parsePair(text: string): Readonly<Record<string, string>> {
  const equals = text.indexOf('=')
  if (equals === -1) throw new UsageError('--certificate must be a name and a value, such as san_dns=edge.example.com')
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

/** A credential as JSON. A credential that can't be read has only a part of it. */
type CredentialJson = Partial<Omit<ReturnType<typeof asJson>, 'status'>> & {
  readonly status: string
  readonly unreadable?: string
}

const unreadableAsJson = ({ id, label, problem }: UnreadableCredential) => ({
  id,
  label,
  status: 'unreadable',
  unreadable: problem,
})

const STATUS_STYLES: Readonly<Record<string, Styled['style']>> = {
  revoked: 'red',
  unreadable: 'red',
  expired: 'red',
  expiring: 'yellow',
}

const credentialColumns: readonly Column<CredentialJson>[] = [
  { heading: 'ID', of: ({ id }) => id, isWhole: true },
  { heading: 'KIND', of: ({ kind }) => kind },
  { heading: 'LABEL', of: ({ label }) => label },
  { heading: 'HINT', of: ({ hint }) => hint && `…${hint}` },
  {
    heading: 'STATUS',
    of: ({ status, unreadable }) => (unreadable === undefined ? status : `can't be read: ${unreadable}`),
    style: ({ status }) => STATUS_STYLES[status],
  },
  { heading: 'CREATED', of: ({ created }) => created, kind: 'time' },
  { heading: 'EXPIRES', of: ({ expires }) => expires, kind: 'time' },
  { heading: 'LAST USED', of: ({ last_used: used }) => used, kind: 'time' },
]

const alone = (credential: Credential): UsedCredential => ({ credential, lastUsedAt: undefined })

function asText({ credential, generated }: MadeCredential, options: CommonOptions): string {
  const one = alone(credential)
  const { expires, ...made } = asJson(one, [one])
  const named = `${made.id}  ${made.kind}  ${JSON.stringify(made.label)}  ${expires === undefined ? 'no expiry' : `expires ${expires}`}`
  return (
    textOf(options, { ...made, expires, secret: generated }) ??
    [printable(named), ...(generated === undefined ? [] : [generated])].join('\n')
  )
}

/** Reports a credential whose secret was not generated. A generated secret was already shown. */
function reportGiven(made: MadeCredential, options: CommonOptions): void {
  if (made.generated === undefined) print(asText(made, options))
}

function reportChange(credential: Credential, options: CommonOptions, change: string): void {
  const one = alone(credential)
  const forPeople = () => print(`${printable(credential.label || credential.id)} ${change}`)
  show(options, { data: asJson(one, [one]), forPeople })
}
