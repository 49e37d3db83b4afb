import type { Api } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import { audiencesOf } from '../../model/credentials/federated-trust.ts'
import { nameOf } from '../../model/credentials/life.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { sourcesOf } from '../../policy/sources.ts'
import { resolveProfile } from '../../tokens/profile.ts'
import { type Case, numberOf, partOf, readable, spanInWords, textOf } from './advice/case.ts'

/** The decisions about a token, in their order. */
export const stepNames = [
  'client',
  'credential',
  'method',
  'conditions',
  'grant',
  'api',
  'scopes',
  'scope',
  'profile',
  'lifetime',
  'binding',
] as const

/** One decision that led to an issued token: its outcome, and the setting or part of the request behind it. */
export interface Step {
  readonly step: (typeof stepNames)[number]
  readonly result: string
  readonly why: string
}

/** The access that a request asked for. */
export interface AskedAccess {
  /** Empty if the request has no `scope`. */
  readonly scope: readonly string[]
  /** The values of `resource` and `audience`. */
  readonly targets: readonly string[]
}

/** The scopes and APIs that are explained one by one. */
const MOST_STEPS = 100

const CHANGED = 'no present setting says so: it has changed since'
const NO_RECORD = 'not known now, since the record of the client is gone or can not be read'

/** Explains an issued token, from its event and the present settings. @param asked undefined if nobody knows it any more */
export function stepsOf(about: Case, asked: AskedAccess | undefined): readonly Step[] {
  const client = readable(about)
  const credential = client?.credentials.all.find(({ id }) => id === about.detail['credential'])
  const audiences = [about.detail['audience'] ?? []].flat().filter((one) => typeof one === 'string')
  const apis = audiences.flatMap((audience) => about.apis.get(audience) ?? []).slice(0, MOST_STEPS)
  const scopes = (textOf(about, 'scope') ?? '').split(' ').filter((name) => name !== '')
  return [
    { step: 'client', result: about.client, why: clientInWords(client) },
    { step: 'credential', result: about.credential, why: credentialInWords(credential) },
    { step: 'method', result: textOf(about, 'method') ?? '(unknown)', why: methodInWords(client) },
    ...conditionStep(credential),
    { step: 'grant', result: 'client_credentials', why: grantInWords(client) },
    ...audiences.slice(0, MOST_STEPS).map((audience) => apiStep(audience, client, asked)),
    { step: 'scopes', result: scopes.join(' ') || '(none)', why: askedInWords(asked) },
    ...scopes
      .slice(0, MOST_STEPS)
      .map((scope): Step => ({ step: 'scope', result: scope, why: scopeInWords(scope, client, apis, asked) })),
    ...apis.slice(0, 1).map(profileStep),
    lifetimeStep(numberOf(about, 'lifetime'), client, apis),
    bindingStep(about, client, apis),
  ]
}

function clientInWords(client: Client | undefined): string {
  if (client === undefined) return 'there is no such client now, or its record can not be read'
  return client.enabled ? 'it exists and is enabled' : 'it was enabled then, and is disabled now'
}

function credentialInWords(credential: Credential | undefined): string {
  if (credential === undefined) return 'the client has no such credential any more'
  const { kind, expiresAt, revokedAt } = credential
  const end =
    revokedAt !== undefined
      ? 'it is revoked now'
      : expiresAt === undefined
        ? 'it never expires'
        : `it expires at ${new Date(expiresAt).toISOString()}`
  return `the ${kind} proved to be that of ${nameOf(credential)}; ${end}`
}

function methodInWords(client: Client | undefined): string {
  if (client === undefined) return NO_RECORD
  const { methods } = client.authentication
  return methods === undefined
    ? 'the client may use every method for which it has a credential'
    : `auth_methods of the client has it (${methods.join(', ')})`
}

function grantInWords(client: Client | undefined): string {
  if (client === undefined) return NO_RECORD
  return client.grantTypes.includes('client_credentials') ? 'grant_types of the client has it' : CHANGED
}

/** The conditions of a federated credential, all of which the token has met. */
function conditionStep(credential: Credential | undefined): readonly Step[] {
  if (credential?.kind !== 'federated') return []
  const { issuer, subject, claims = {}, when } = credential.trust
  const conditions = [
    `aud ${audiencesOf(credential.trust).join(' or ')}`,
    ...(subject === undefined ? [] : [`sub ${subject}`]),
    ...Object.entries(claims).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
    ...(when === undefined ? [] : [`when ${when}`]),
  ]
  return [{ step: 'conditions', result: `token of ${issuer}`, why: `it met them all: ${conditions.join('; ')}` }]
}

function apiStep(audience: string, client: Client | undefined, asked: AskedAccess | undefined): Step {
  const isNamed = asked?.targets.some((target) => isSameUri(target, audience))
  const isDefault = client?.defaultApi !== undefined && isSameUri(client.defaultApi, audience)
  const why =
    asked === undefined
      ? 'the request named it, or its scopes or the settings of the client led there'
      : isNamed
        ? 'the request named it'
        : isDefault
          ? 'it is the default_api of the client, and the request named none'
          : 'the request named none, and its scopes or those of the client are of this one'
  return { step: 'api', result: audience, why }
}

function askedInWords(asked: AskedAccess | undefined): string {
  if (asked === undefined) return 'no event says which the request asked for'
  return asked.scope.length > 0
    ? `the request asked for ${asked.scope.join(' ')}`
    : 'the request named no scope, so it got those that need no name'
}

/** Says which settings give the client a scope, at each of the APIs. */
function scopeInWords(
  name: string,
  client: Client | undefined,
  apis: readonly Api[],
  asked: AskedAccess | undefined,
): string {
  const sources = client === undefined ? [] : [...new Set(apis.flatMap((api) => sourcesOf(name, client, api)))]
  const given = sources.join('; ') || CHANGED
  if (asked === undefined) return given
  if (asked.scope.includes(name)) return `asked for; ${given}`
  if (asked.scope.length > 0) return `a member of a group that was asked for; ${given}`
  const defaults = [...(client?.defaultScopes ?? []), ...(client?.grants ?? []).flatMap((one) => one.defaultScopes)]
  return defaults.includes(name) ? `one of default_scopes; ${given}` : given
}

function profileStep({ audience, token }: Api): Step {
  const { format, algorithm, typ } = resolveProfile(token)
  const result = format === 'sealed' ? 'sealed' : `jwt, ${algorithm}, ${typ}`
  const ground = token.preset === undefined ? 'the settings of' : `the preset ${token.preset} and the settings of`
  return { step: 'profile', result, why: `${ground} ${audience}` }
}

function lifetimeStep(seconds: number | undefined, client: Client | undefined, apis: readonly Api[]): Step {
  if (seconds === undefined) return { step: 'lifetime', result: '(unknown)', why: 'no event says it' }
  return { step: 'lifetime', result: spanInWords(seconds), why: lifetimeInWords(seconds, client, apis) }
}

function lifetimeInWords(seconds: number, client: Client | undefined, apis: readonly Api[]): string {
  if (client?.token.lifetime !== undefined)
    return client.token.lifetime === seconds ? 'token.lifetime of the client' : CHANGED
  const setting = apis.find(({ token }) => resolveProfile(token).lifetime !== undefined)
  if (setting === undefined) return 'token.lifetime of the server: neither the client nor the API sets one'
  return resolveProfile(setting.token).lifetime === seconds ? `token.lifetime of ${setting.audience}` : CHANGED
}

function bindingStep(about: Case, client: Client | undefined, apis: readonly Api[]): Step {
  const cnf = partOf(about, 'cnf').detail
  const requiring = [client, ...apis].map((party) => party?.require).filter((one) => one !== undefined)
  const result = 'jkt' in cnf ? 'DPoP key' : 'x5t#S256' in cnf ? 'client certificate' : 'none'
  const required = requiring.length > 0 ? `required: ${[...new Set(requiring)].join(', ')}` : undefined
  const offered =
    result === 'none' ? 'nothing requires a key, and the request proved none' : 'the request proved the key'
  return { step: 'binding', result, why: required ?? offered }
}
