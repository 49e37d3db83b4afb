import { z } from 'zod'
import { CURRENT } from '../admin/operations/credentials.ts'
import { isAsymmetric } from '../crypto/jws/algorithms.ts'
import { secretOfVariable } from '../input/secret.ts'
import { readYaml } from '../input/yaml.ts'
import { parseTrustFile } from '../management/manifest/reading/trust-file.ts'
import type { Jwk } from '../model/credentials/credential.ts'
import { systemClock } from '../platform/clock.ts'
import { LONGEST_FILE } from '../platform/files.ts'
import type { Styled } from '../platform/standard-streams.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import type { Target } from './calls.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { parseDuration, parseMoment } from './duration.ts'
import { credentialEffect } from './effects.ts'
import { type FleetOptions, fleetQuery, given } from './fleet-options.ts'
import { inLines, isForPeople, type OutputOptions, show, textOf } from './format.ts'
import { withTarget } from './operate.ts'
import { print, printable, say } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'
import { expectedOf } from './secrets/expected.ts'
import type { SecretsOptions } from './secrets/option.ts'
import { type Column, printTable } from './table.ts'
import type { TargetOptions } from './target.ts'

/** The options of every command on credentials. */
interface CommonOptions extends OutputOptions, ConfirmOptions, TargetOptions {}

/** The options that describe a new credential. Without any, a secret is generated. */
interface NewOptions extends CommonOptions, SecretsOptions {
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

/** A credential in the answers of the admin API. A credential that can't be read has only a part of it. */
const credential = z.looseObject({
  id: z.string(),
  client_id: z.string(),
  label: z.string(),
  status: z.string(),
  kind: z.string().optional(),
  hint: z.string().optional(),
  origin: z.string().optional(),
  created: z.string().optional(),
  expires: z.string().optional(),
  last_used: z.string().optional(),
  replaces: z.string().optional(),
  unreadable: z.string().optional(),
})

const listedCredential = credential.partial({ client_id: true, label: true }).extend({ owner: z.string().optional() })
type ListedCredential = z.output<typeof listedCredential>

const credentialList = z.looseObject({ items: z.array(credential) })
/** A secret is shown before the end of its predecessor is known. */
const made = credential.extend({ secret: z.string().optional(), old: credential.optional() })

interface ListOptions extends CommonOptions, FleetOptions {
  readonly state?: string
}

/** `tessera credentials list`: prints the credentials of a client, or those of all clients that the options choose. */
export const credentialsList = (client: string | undefined, options: ListOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const query = { ...fleetQuery(options), ...given({ state: options.state, client }) }
    if (client === undefined || Object.keys(query).length > 1) {
      const items = await target.list('credentials.list', { query }, listedCredential)
      const forPeople = () => printTable(items, [...fleetColumns, ...credentialColumns])
      return show(options, { data: items, asText: inLines, forPeople })
    }
    const { items } = await target.call('credentials.of-client', { path: { client_id: client } }, credentialList)
    show(options, { data: items, forPeople: () => printTable(items, credentialColumns) })
  })

/** `tessera credentials add`: adds a credential to a client. */
export const credentialsAdd = (client: string, options: NewOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const body = await settingsOf(options)
    await target.make('credentials.add', { path: { client_id: client }, body }, made, {
      expected: expectedOf(client, { credentials: [body] }),
      secretsOf: secretsOfCredential,
      asText: (one) => asText(one, options),
    })
  })

/** `tessera credentials rotate`: adds the successor of a credential, which expires after the overlap. */
export const credentialsRotate = (
  client: string,
  name: string | undefined,
  options: NewOptions & { readonly overlap: string },
): Promise<void> =>
  withTarget(options, async (target) => {
    const overlap = Math.round(parseDuration(options.overlap, '--overlap') / 1000)
    const successor = await settingsOf(options)
    const path = { client_id: client, credential: name ?? CURRENT }
    const body = { overlap, ...(Object.keys(successor).length > 0 && { successor }) }
    const { old } = await target.make('credentials.rotate', { path, body }, made, {
      expected: expectedOf(client, { credentials: [successor] }),
      secretsOf: secretsOfCredential,
      asText: (one) => asText(one, options),
    })
    if (old === undefined || !isForPeople(options)) return
    say(printable(`The old credential, ${old.label || old.id}, is valid until ${old.expires ?? 'for ever'}.`))
  })

const pathOf = (client: string, name: string) => ({ path: { client_id: client, credential: name } })

/** `tessera credentials cancel`: undoes a rotation. Clients that use the new credential already would lose it, so it asks. */
export const credentialsCancel = (client: string, name: string, options: CommonOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const removed = await successorOf(target, client, name)
    if (removed !== undefined) {
      const action = `remove the credential ${JSON.stringify(removed.label)} of ${JSON.stringify(client)}, and keep the one before it`
      await confirm({ action, effect: await credentialEffect(target, client, removed.id) }, options)
    }
    const old = await target.call('credentials.cancel', pathOf(client, name), credential)
    reportChange(old, options, `is valid again${old.expires === undefined ? '' : ` until ${old.expires}`}`)
  })

/** The credential that the end of a rotation removes, for the name of the new or of the old one; undefined if there is none. */
async function successorOf(target: Target, client: string, name: string) {
  const { items } = await target.call('credentials.of-client', { path: { client_id: client } }, credentialList)
  const named = items.find(({ id }) => id === name) ?? items.find(({ label }) => label === name)
  const after = items.filter(({ replaces }) => replaces !== undefined && replaces === named?.id)
  const found = after.find(({ status }) => status !== 'revoked') ?? after[0] ?? named
  return found?.replaces === undefined ? undefined : found
}

/** `tessera credentials revoke`: revokes a credential now. */
export const credentialsRevoke = (client: string, name: string, options: CommonOptions): Promise<void> =>
  withTarget(options, async (target) => {
    await confirmEnd('revoke', target, { client, name, options })
    reportChange(await target.call('credentials.revoke', pathOf(client, name), credential), options, 'is revoked')
    if (isForPeople(options)) sayThatTokensLive(client)
  })

interface Ending {
  readonly client: string
  readonly name: string
  readonly options: CommonOptions
}

async function confirmEnd(verb: 'revoke' | 'remove', target: Target, { client, name, options }: Ending): Promise<void> {
  const effect = await credentialEffect(target, client, name)
  const action = `${verb} the credential ${JSON.stringify(name)} of ${JSON.stringify(client)}`
  await confirm({ action, effect }, options)
}

function sayThatTokensLive(client: string): void {
  say('Every server rejects it within one second. Tokens already issued with it stay valid.')
  say(`To end those, too, run: tessera revoke --client ${printable(client)}`)
}

/** `tessera credentials remove`: removes a credential for good. */
export const credentialsRemove = (client: string, name: string, options: CommonOptions): Promise<void> =>
  withTarget(options, async (target) => {
    await confirmEnd('remove', target, { client, name, options })
    const removed = await target.call('credentials.delete', pathOf(client, name), credential)
    reportChange(removed, options, 'is removed')
    if (!isForPeople(options) || removed.unreadable !== undefined) return
    sayThatTokensLive(client)
    if (removed.origin === 'manifest')
      say('Its manifest does not bring it back: remove it there, or give it another label, secret or key.')
  })

/** `tessera credentials label`: gives a credential another label. */
export const credentialsLabel = (client: string, name: string, label: string, options: CommonOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const input = { ...pathOf(client, name), body: { label } }
    reportChange(await target.call('credentials.label', input, credential), options, 'has its new label')
  })

/** The settings of a new credential, as the admin API takes them. */
async function settingsOf(options: NewOptions) {
  const { label, expires } = options
  const at = expires === undefined ? undefined : parseMoment(expires, '--expires', systemClock.now())
  return {
    ...(label !== undefined && { label }),
    ...(at !== undefined && { expires: new Date(at).toISOString() }),
    ...(await materialOf(options)),
  }
}

async function materialOf({ secretEnv, retrievable, jwks, jwksUri, algorithm, certificate, federated }: NewOptions) {
  const sources = {
    '--secret-env': secretEnv,
    '--jwks': jwks,
    '--jwks-uri': jwksUri,
    '--certificate': certificate,
    '--federated': federated,
  }
  const [first, second] = Object.entries(sources).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (second !== undefined) throw new UsageError(`give ${first} or ${second}, not both`)
  if (algorithm !== undefined && !isAsymmetric(algorithm))
    throw new UsageError(`--algorithm: ${algorithm} is not known`)
  const ofKeys = algorithm === undefined ? {} : { algorithm }
  if (jwks !== undefined) return { jwks: { keys: await readKeys(jwks) }, ...ofKeys }
  if (jwksUri !== undefined) return { jwks_uri: jwksUri, ...ofKeys }
  if (certificate !== undefined) return { certificate: parsePair(certificate) }
  if (federated !== undefined) return { federated: await readTrust(federated) }
  return {
    ...(secretEnv !== undefined && { secret: secretOfVariable('--secret-env', secretEnv, process.env) }),
    ...(retrievable !== undefined && { retrievable }),
  }
}

/** Reads a trust as it is written in a manifest. @throws UserError naming the line of each mistake */
async function readTrust(file: string): Promise<unknown> {
  const name = nameOfInput(file)
  const text = await readTextInput(file, LONGEST_FILE)
  parseTrustFile(name, text)
  return readYaml(name, text).value
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

const STATUS_STYLES: Readonly<Record<string, Styled['style']>> = {
  revoked: 'red',
  unreadable: 'red',
  expired: 'red',
  replaced: 'yellow',
}

const fleetColumns: readonly Column<ListedCredential>[] = [
  { heading: 'CLIENT', of: ({ client_id: client }) => client, isWhole: true },
  { heading: 'OWNER', of: ({ owner }) => owner },
]

const credentialColumns: readonly Column<ListedCredential>[] = [
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

const secretsOfCredential = ({ client_id, id, label, secret }: z.output<typeof made>) =>
  secret === undefined ? [] : [{ client_id, credential: id, label, secret }]

function asText({ old: _, ...one }: z.output<typeof made>, options: CommonOptions): string {
  const { id, kind, label, hint = '', status, created, expires, secret } = one
  if (secret !== undefined && isForPeople(options)) say('The secret is shown only once:')
  const fields = [id, kind, JSON.stringify(label), ...(hint === '' ? [] : [`…${hint}`]), status, `created ${created}`]
  const named = [...fields, expires === undefined ? 'no expiry' : `expires ${expires}`, 'never used'].join('  ')
  return textOf(options, one) ?? [printable(named), ...(secret === undefined ? [] : [secret])].join('\n')
}

const reportChange = (one: z.output<typeof credential>, options: CommonOptions, change: string): void =>
  show(options, { data: one, forPeople: () => print(`${printable(one.label || one.id)} ${change}`) })
