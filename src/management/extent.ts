import type { Api } from '../model/api.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { UserError } from '../platform/user-error.ts'

/** Characters of JSON. A person who may change one client or one API could otherwise make it larger with each request. */
const LONGEST = { client: 256 * 1024, api: 512 * 1024 } as const
/** The most scopes of an API. All APIs are in the memory of each server, and read again when one of them changes. */
const MOST_SCOPES = 2_000
/** The most claims that an API takes from clients. Each token of the API has all of them. */
const MOST_CLAIMS = 100

/** Makes the error about a field of the client or API. */
export type ErrorAt = (path: readonly PropertyKey[], message: string) => UserError

/** Finds that a client, without its credentials, is larger than it may be, and than it was. */
export function* findLargerClient(
  before: Client | UnreadableClient | undefined,
  after: Client,
  errorAt: ErrorAt,
): Generator<UserError> {
  if (exceeds(LONGEST.client, before, after, lengthOfClient))
    yield errorAt([], tooLong('client', 'shorten its metadata, tags, scopes or grants'))
}

/** Finds that an API is larger than it may be, and than it was, and scopes that it lists twice. */
export function* findLargerApi(
  before: Api | Unreadable | undefined,
  after: Api,
  errorAt: ErrorAt,
): Generator<UserError> {
  if (exceeds(MOST_SCOPES, before, after, ({ scopes }) => scopes.length))
    yield errorAt(['scopes'], `an API may have at most ${MOST_SCOPES} scopes: remove some, or use a dynamic one`)
  if (exceeds(MOST_CLAIMS, before, after, ({ token }) => Object.keys(token.clientClaims ?? {}).length))
    yield errorAt(['token', 'client_claims'], `an API may take at most ${MOST_CLAIMS} claims from clients: remove some`)
  if (exceeds(LONGEST.api, before, after, (api) => JSON.stringify(api).length))
    yield errorAt([], tooLong('api', 'shorten its scopes'))
  if (exceeds(0, before, after, ({ scopes }) => scopes.length - new Set(scopes.map(({ name }) => name)).size)) {
    const names = after.scopes.map(({ name }) => name)
    const at = names.findIndex((name, index) => names.indexOf(name) < index)
    yield errorAt(['scopes', at, 'name'], `the scope ${JSON.stringify(names[at])} is listed twice`)
  }
}

/** Whether a size is over its limit, and over that of the present thing, which may be from before there was a limit. */
const exceeds = <Thing extends object>(
  most: number,
  before: Thing | Unreadable | undefined,
  after: Thing,
  size: (thing: Thing) => number,
): boolean => size(after) > Math.max(most, before === undefined || 'problem' in before ? 0 : size(before))

const lengthOfClient = ({ credentials: _, ended: __, ...settings }: Client): number => JSON.stringify(settings).length

const tooLong = (kind: keyof typeof LONGEST, mend: string): string =>
  `the ${kind === 'api' ? 'API' : kind} may have at most ${LONGEST[kind] / 1024} KiB of JSON: ${mend}`
