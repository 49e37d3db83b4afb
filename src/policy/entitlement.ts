import type { Api } from '../model/api.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { Client } from '../model/client.ts'
import { RecordUnreadable } from '../model/directory/record-unreadable.ts'
import { isSameUri } from '../oauth/uri.ts'
import { approximateBytes, detached } from '../platform/bytes.ts'
import { refusal } from './refusals.ts'
import { apisOfScopes, namedApis, onlyApi } from './resources.ts'
import { type AccessSettings, type AccessTo, accessOf } from './scopes.ts'

/** The access that a client requests. */
export interface RequestedAccess {
  /** Undefined if the request has no `scope`. */
  readonly scope: readonly string[] | undefined
  /** The values of `resource` and `audience`. */
  readonly targets: readonly string[]
}

/** The access that a client gets. */
export interface Entitlement {
  readonly client: Client
  /** At least one. */
  readonly apis: readonly Api[]
  /** At least one. */
  readonly scopes: readonly string[]
}

/** The APIs and scopes of an entitlement. Clients with equal settings get the same. */
type Granted = Omit<Entitlement, 'client'>

interface Decision extends AccessSettings, RequestedAccess {
  readonly granted: Granted
}

/** The most characters of a request whose decision is remembered. Few requests have a hundred. */
const LONGEST_REMEMBERED = 1_024
/** The decisions that are remembered for clients with equal settings, and the bytes for those of all clients. */
const REMEMBERED = { each: 4, bytes: 32 * 1024 * 1024 }
/** The bytes of a decision besides its texts. */
const PER_DECISION = 512

/**
 * Decides about access. Most clients request the same access again and again, and those of a fleet have equal settings, so the last
 * decisions about such settings are remembered until they or an API change. If the decisions take too many bytes, all are forgotten.
 */
export class AccessDecisions {
  /** By the grants of clients, or by their scopes if they have no grants. Clients in memory share equal ones. */
  #last = new WeakMap<object, readonly Decision[]>()
  /** The APIs that the decisions are about. */
  #apis: ApiSet | undefined
  #bytes = 0

  /**
   * Decides which part of the requested access the client gets. It never grants an API or scope that the client was not
   * given.
   * @throws Refusal `invalid_scope` or `invalid_target`; RecordUnreadable if the decision depends on an unreadable API
   */
  decide(client: Client, requested: RequestedAccess, apis: ApiSet): Entitlement {
    // Shared settings are kept for good, and would keep all former APIs with their decisions.
    if (apis !== this.#apis) this.#forget(apis)
    const last = this.#last.get(keyOf(client))
    const known = last?.find((one) => hasEqualSettings(one, client) && isSame(one, requested))
    try {
      const granted = known?.granted ?? determine(client, requested, apis)
      if (known === undefined) this.#remember(client, requested, granted)
      return { client, apis: granted.apis, scopes: granted.scopes }
    } catch (error) {
      throw unreadableBehind(client, requested, apis) ?? error
    }
  }

  #forget(apis: ApiSet | undefined): void {
    this.#last = new WeakMap()
    this.#apis = apis
    this.#bytes = 0
  }

  /**
   * Remembers a decision, with copies of its texts, so that the form is not kept in memory. Most clients ask for all of their scopes, and
   * need no copy.
   */
  #remember(client: AccessSettings, { scope, targets }: RequestedAccess, granted: Granted): void {
    const texts = [...(scope ?? []), ...targets]
    if (texts.reduce((length, text) => length + text.length, 0) > LONGEST_REMEMBERED) return
    const scopes = keptTexts(granted.scopes, client.scopes)
    const decision: Decision = {
      scopes: client.scopes,
      grants: client.grants,
      restrictScopes: client.restrictScopes,
      defaultScopes: client.defaultScopes,
      defaultApi: client.defaultApi,
      scope: scope && keptTexts(scope, scopes),
      targets: keptTexts(targets, NO_TARGETS),
      granted: { apis: granted.apis.slice(), scopes },
    }
    const bytes = bytesOf(decision)
    if (this.#bytes + bytes > REMEMBERED.bytes) this.#forget(this.#apis)
    this.#bytes += bytes
    const key = keyOf(client)
    this.#last.set(key, [decision, ...(this.#last.get(key) ?? []).slice(0, REMEMBERED.each - 1)])
  }
}

/**
 * The approximate bytes that a decision keeps in memory. The settings of the client count in full, since others with the same grants may keep
 * the decision after the client has gone.
 */
const bytesOf = ({ grants, scopes, defaultScopes, scope, targets, granted }: Decision): number =>
  PER_DECISION + approximateBytes([grants, scopes, defaultScopes, scope, targets, granted.scopes])

const NO_TARGETS: readonly string[] = Object.freeze([])

/** The same texts, as they may be kept: those that are kept already if they are equal, or else copies. */
const keptTexts = (texts: readonly string[], kept: readonly string[]): readonly string[] =>
  areSame(texts, kept) ? kept : texts.map(detached)

const keyOf = ({ grants, scopes }: AccessSettings): object => (grants.length > 0 ? grants : scopes)

const hasEqualSettings = (one: AccessSettings, other: AccessSettings): boolean =>
  one.scopes === other.scopes &&
  one.grants === other.grants &&
  one.restrictScopes === other.restrictScopes &&
  one.defaultScopes === other.defaultScopes &&
  one.defaultApi === other.defaultApi

/** The refusal to give instead, if the request may be for an API that can't be read. */
function unreadableBehind({ scopes, grants }: Client, { scope, targets }: RequestedAccess, apis: ApiSet) {
  const isOwnerless = (name: string) => scopes.includes(name) && apis.withScope(name).length === 0
  const mayBeMeant = (audience: string): boolean => {
    if (targets.length > 0) return targets.some((target) => isSameUri(target, audience))
    if ((scope ?? scopes).some(isOwnerless)) return true
    const granted = grants.filter(({ api }) => isSameUri(api, audience)).flatMap((grant) => grant.scopes)
    return scope === undefined ? granted.length > 0 : granted.some((name) => scope.includes(name))
  }
  const record = apis.unreadable.find(({ id }) => mayBeMeant(id))
  return record && new RecordUnreadable(record)
}

const isSame = (one: RequestedAccess, other: RequestedAccess): boolean =>
  areSame(one.targets, other.targets) &&
  (one.scope === undefined || other.scope === undefined ? one.scope === other.scope : areSame(one.scope, other.scope))

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((text, index) => text === others[index])

function determine(client: AccessSettings, requested: RequestedAccess, apis: ApiSet): Granted {
  const accessTo = accessOf(client, apis)
  const targets = targetApis(client, accessTo, requested, apis)
  const scopes =
    requested.scope === undefined
      ? unaskedScopes(accessTo, targets)
      : askedScopes(accessTo, requested.scope, targets, apis)
  if (scopes.length === 0) throw refusal('no_scope')
  requireGrantedEverywhere(accessTo, scopes, targets, (api, scope) =>
    requested.scope === undefined ? accessTo(api).mayHaveUnasked(scope) : accessTo(api).granted(scope).length > 0,
  )
  return { apis: targets, scopes }
}

function targetApis(
  client: AccessSettings,
  accessTo: AccessTo,
  { scope, targets }: RequestedAccess,
  apis: ApiSet,
): readonly Api[] {
  if (targets.length > 0) return namedApis(accessTo, targets, apis)
  const byDefault = defaultApi(client, accessTo, scope, apis)
  if (byDefault !== undefined) return [byDefault]
  if (scope !== undefined) return apisOfScopes(accessTo, scope, apis)
  if (client.defaultScopes.length > 0) return apisOfScopes(accessTo, client.defaultScopes, apis)
  return onlyApi(accessTo, apis)
}

/** The client's default API, if it grants the request. @throws RecordUnreadable */
function defaultApi(
  client: AccessSettings,
  accessTo: AccessTo,
  scope: readonly string[] | undefined,
  apis: ApiSet,
): Api | undefined {
  if (client.defaultApi === undefined) return undefined
  // Without this check the request would seem to be for another API.
  const unreadable = apis.unreadableOf(client.defaultApi)
  if (unreadable !== undefined) throw new RecordUnreadable(unreadable)
  const api = apis.get(client.defaultApi)
  if (api === undefined) return undefined
  const access = accessTo(api)
  const hasAll =
    scope === undefined ? access.unasked.length > 0 : scope.every((name) => access.granted(name).length > 0)
  return hasAll ? api : undefined
}

/**
 * The granted ones of the requested scopes, each group replaced by its members. Each scope must be granted at one API
 * at least.
 * @throws Refusal `scope_not_allowed`
 */
function askedScopes(
  accessTo: AccessTo,
  asked: readonly string[],
  targets: readonly Api[],
  apis: ApiSet,
): readonly string[] {
  const granted = new Set<string>()
  const refused: string[] = []
  for (const scope of asked) {
    const owners = new Set(apis.withScope(scope))
    const here = targets.flatMap((api) => (owners.has(api) ? accessTo(api).granted(scope) : []))
    for (const name of here) granted.add(name)
    if (here.length === 0) refused.push(scope)
  }
  if (refused.length > 0) throw refusal('scope_not_allowed', { detail: { refused: refused.slice(0, 20) } })
  return [...granted]
}

const unaskedScopes = (accessTo: AccessTo, targets: readonly Api[]): readonly string[] => [
  ...new Set(targets.flatMap((api) => accessTo(api).unasked)),
]

/**
 * Refuses a token that would carry a scope to an API that does not grant it. Every API in `aud` reads all of `scope`,
 * so the rights are the product of scopes and APIs (RFC 8707 §2).
 * @param isGranted whether this request gives the client this scope at this API
 * @throws Refusal `scope_of_other_target`, whose description says what to send
 */
function requireGrantedEverywhere(
  accessTo: AccessTo,
  scopes: readonly string[],
  targets: readonly Api[],
  isGranted: (api: Api, scope: string) => boolean,
): void {
  for (const scope of scopes) {
    const refusing = targets.find((api) => accessTo(api).knows(scope) && !isGranted(api, scope))
    if (refusing === undefined) continue
    const granting = targets.filter((api) => accessTo(api).knows(scope) && isGranted(api, scope))
    throw refusal('scope_of_other_target', {
      description: `${scope} is granted at ${audiences(granting)} and not at ${refusing.audience}: send a request for each API, with resource`,
      detail: {
        scope,
        not_granted_at: refusing.audience,
        granted_at: granting.map((api) => api.audience),
      },
    })
  }
}

/** A few audiences show a client its mistake. Each may have a thousand characters. */
const MOST_NAMED = 3

const audiences = (apis: readonly Api[]): string =>
  apis
    .slice(0, MOST_NAMED)
    .map((api) => api.audience)
    .join(' ')
