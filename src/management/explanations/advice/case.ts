import { ApiSet } from '../../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../../model/client.ts'
import { nameOf } from '../../../model/credentials/life.ts'
import type { UsedCredential } from '../../../model/credentials/status.ts'
import type { Action, Advice, Check, Remedy } from './advice.ts'

/** The last events that are searched for the one that disabled a client or revoked a token. */
export const MOST_SEARCHED = 1_000

/** A refused request and the present state of what it concerns. */
export interface Case {
  /** The client as the request named it; a placeholder if it named none. */
  readonly client: string
  /** Undefined if there is no such client. */
  readonly record: Client | UnreadableClient | undefined
  readonly credentials: readonly UsedCredential[]
  /** The label or id of the credential that the event names; a placeholder if it names none. */
  readonly credential: string
  readonly apis: ApiSet
  readonly detail: Readonly<Record<string, unknown>>
  /** The time of the request. Milliseconds. */
  readonly at: number
  /** The client whose id is most like that of the request. */
  readonly similar?: string | undefined
  /** The credential whose secret came. */
  readonly secretOf?: { readonly client: string; readonly credential: string; readonly state: string } | undefined
  /** The last time that the client was disabled. */
  readonly disabled?: { readonly at: string; readonly by: string } | undefined
}

/** Gives the advice on a refusal of one reason. */
export type Advise = (about: Case) => Advice

/** A case of which nothing is known, for the general advice on a reason. */
export const ANY_CASE: Case = {
  client: '<client-id>',
  record: undefined,
  credentials: [],
  credential: '<credential>',
  apis: new ApiSet([]),
  detail: {},
  at: 0,
}

const remedy =
  (kind: Remedy['kind']) =>
  (text: string, value: string, action?: Action): Remedy => ({ text, kind, value, ...(action && { action }) })

export const command = remedy('command')
export const clientEntry = remedy('client')
export const apiEntry = remedy('api')
export const setting = remedy('setting')
export const request = remedy('request')

/** Advice that is the same for every request. */
export const always =
  (...remedies: Advice['remedies']): Advise =>
  () => ({ remedies })

/** A check of what came. */
export const comparison = (
  check: string,
  passed: boolean,
  expected: string,
  received: string,
  note?: string,
): Check => ({ check, passed, expected, received, ...(note !== undefined && { note }) })

/** A failed check of what came. */
export const failed = (check: string, expected: string, received: string): Check =>
  comparison(check, false, expected, received)

/** The client, if its record can be read. */
export const readable = ({ record }: Case): Client | undefined =>
  record === undefined || 'problem' in record ? undefined : record

export function textOf({ detail }: Case, name: string): string | undefined {
  const value = detail[name]
  return typeof value === 'string' ? value : undefined
}

export function numberOf({ detail }: Case, name: string): number | undefined {
  const value = detail[name]
  return typeof value === 'number' ? value : undefined
}

export function textsOf({ detail }: Case, name: string): readonly string[] {
  const value = detail[name]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** A member of a detail that has members of its own; empty if it has none. */
export function partOf({ detail }: Pick<Case, 'detail'>, name: string): Pick<Case, 'detail'> {
  const value = detail[name]
  return { detail: typeof value === 'object' && value !== null ? { ...value } : {} }
}

/** A text among the members of a part. */
export const textOfPart = (about: Pick<Case, 'detail'>, name: string): string | undefined => {
  const value = about.detail[name]
  return typeof value === 'string' ? value : undefined
}

/** The day of a time in milliseconds. */
const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** The credentials of one kind in words, such as `"current" (…x7Qa, last used on 2030-01-01)`. */
export const credentialsInWords = (credentials: readonly UsedCredential[]): string =>
  credentials.map(inWords).join('; ') || 'none'

function inWords({ credential, lastUsedAt }: UsedCredential): string {
  const facts = [
    ...(credential.hint === '' ? [] : [`…${credential.hint}`]),
    ...(credential.revokedAt === undefined ? [] : [`revoked on ${day(credential.revokedAt)}`]),
    ...(credential.expiresAt === undefined ? [] : [`expires on ${day(credential.expiresAt)}`]),
    lastUsedAt === undefined ? 'never used' : `last used on ${day(lastUsedAt)}`,
  ]
  return `${nameOf(credential)} (${facts.join(', ')})`
}

/** A span of time in words. @param seconds */
export function spanInWords(seconds: number): string {
  const span = Math.abs(seconds)
  if (span < 120) return `${Math.round(span)} s`
  if (span < 7_200) return `${Math.round(span / 60)} min`
  return span < 172_800 ? `${Math.round(span / 3_600)} h` : `${Math.round(span / 86_400)} days`
}

/** The remedies, or the other one if there are none. */
export function ofOneOrMore([first, ...others]: readonly Remedy[], otherwise: Remedy): readonly [Remedy, ...Remedy[]] {
  return first === undefined ? [otherwise] : [first, ...others]
}
