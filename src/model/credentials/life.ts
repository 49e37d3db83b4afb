import type { CredentialId } from '../../oauth/ids.ts'
import { Conflict } from '../../platform/user-error.ts'
import { type Credential, isValid, type Jwk } from './credential.ts'

/** The writes to the credentials of one client. */
export interface CredentialWrites {
  /** Credentials to add, or to replace by id. */
  readonly put: readonly Credential[]
  readonly remove: readonly CredentialId[]
  /** The removed credential, if a manifest named it: the manifest must not bring it back. */
  readonly keepAway?: Credential
}

/** Writes that put exactly these credentials. */
type WritesOf<Put extends readonly Credential[]> = CredentialWrites & { readonly put: Put }

/** The most expired credentials of a client that commands created. They explain refusals, and the latest can be restored. */
const MOST_EXPIRED = 20
/** The most revoked credentials of a client that commands created, and of those that its manifest no longer names. */
export const MOST_REVOKED = 50

/**
 * The most credentials of a client that are valid at a time. The token path looks through all of them, and whoever may add credentials
 * may be somebody of little authority.
 */
export const MOST_VALID = 100
/** The most keys in them. All are parsed for the first assertion that only names the client. */
const MOST_KEYS_IN_ALL = 100
/** The most of them with the URL of a key set. An assertion that only names the client may have all these sets fetched. */
const MOST_KEY_URLS = 10

/** The bounds of the valid credentials of a client. */
const bounds: readonly { readonly most: number; readonly what: string; readonly count: (one: Credential) => number }[] =
  [
    { most: MOST_VALID, what: 'valid credentials', count: () => 1 },
    { most: MOST_KEYS_IN_ALL, what: 'keys in its valid credentials', count: (one) => keysIn(one)?.length ?? 0 },
    {
      most: MOST_KEY_URLS,
      what: 'valid credentials with a jwks_uri of its own',
      count: (one) => Number(one.kind === 'keys' && 'jwksUri' in one.source),
    },
  ]

/** The keys in a credential; undefined if it has none. */
function keysIn(credential: Credential): readonly Jwk[] | undefined {
  if (credential.kind === 'federated') return credential.trust.jwks
  return credential.kind === 'keys' && 'jwks' in credential.source ? credential.source.jwks : undefined
}

/** Refuses valid credentials beyond any bound. A client that has more already keeps them. @param now milliseconds @throws Conflict */
export function refuseMoreValid(before: readonly Credential[], after: readonly Credential[], now: number): void {
  const sum = (all: readonly Credential[], count: (one: Credential) => number) =>
    all.reduce((total, one) => total + (isValid(one, now) ? count(one) : 0), 0)
  for (const { most, what, count } of bounds) {
    if (sum(after, count) > Math.max(most, sum(before, count)))
      throw new Conflict(`a client may have at most ${most} ${what}: revoke or remove one, or use another client`)
  }
}

/** A label that no credential of the client has, beginning with `wanted`. */
export function freeLabel(wanted: string, credentials: readonly Credential[]): string {
  const taken = new Set(credentials.map(({ label }) => label))
  for (let count = 1; ; count += 1) {
    const label = count === 1 ? wanted : `${wanted} (${count})`
    if (!taken.has(label)) return label
  }
}

/**
 * Makes a credential the successor of another, which expires after the overlap at the latest.
 * @param successor the new credential, whose `replaces` is not set yet
 * @param overlap milliseconds @param now milliseconds
 * @throws UserError if the old credential has ended, or has a successor
 */
export function rotate(
  credentials: readonly Credential[],
  old: Credential,
  successor: Credential,
  overlap: number,
  now: number,
): WritesOf<readonly [old: Credential, successor: Credential]> {
  refuseEnded(old, now)
  refuseRotated(credentials, old)
  const end = now + overlap
  const expiresAt = old.expiresAt === undefined ? end : Math.min(old.expiresAt, end)
  return {
    put: [
      { ...old, expiresAt },
      { ...successor, replaces: { id: old.id, expiresAt: old.expiresAt } },
    ],
    remove: [],
  }
}

/**
 * Undoes a rotation: removes the successor, and restores the former expiry of the old credential.
 * @throws UserError if the old credential was removed or revoked, or would have expired by now, or if there is none, or if the successor was rotated
 */
export function cancel(
  credentials: readonly Credential[],
  successor: Credential,
  now: number,
): WritesOf<readonly [old: Credential]> {
  const { replaces } = successor
  if (replaces === undefined) throw new Conflict(`${nameOf(successor)} came after no other: revoke or remove it`)
  refuseRotated(credentials, successor)
  const old = credentials.find(({ id }) => id === replaces.id)
  if (old === undefined) throw new Conflict(`the credential before ${nameOf(successor)} is gone`)
  if (old.revokedAt !== undefined) throw new Conflict(`the credential before ${nameOf(successor)} was revoked`)
  if (replaces.expiresAt !== undefined && replaces.expiresAt <= now) {
    throw new Conflict(`the credential before ${nameOf(successor)} would have expired by now`)
  }
  return { put: [{ ...old, expiresAt: replaces.expiresAt }], remove: [successor.id] }
}

/** Revokes a credential now. Its record stays, so that no manifest brings it back. @throws UserError if it was already revoked */
export function revoke(credential: Credential, now: number): WritesOf<readonly [Credential]> {
  if (credential.revokedAt !== undefined) throw new Conflict(`${nameOf(credential)} was revoked already`)
  return { put: [{ ...credential, revokedAt: now }], remove: [] }
}

/**
 * Removes a credential and relinks the chain: its successor now replaces its predecessor. So the predecessor still counts as rotated,
 * and no manifest can lengthen its life.
 */
export const remove = (credentials: readonly Credential[], removed: Credential): CredentialWrites => ({
  put:
    removed.replaces === undefined
      ? []
      : credentials
          .filter(({ replaces }) => replaces?.id === removed.id)
          .map((follower) => ({ ...follower, replaces: removed.replaces })),
  remove: [removed.id],
  ...(removed.origin === 'manifest' && { keepAway: removed }),
})

/**
 * Removes the oldest expired credentials beyond `MOST_EXPIRED`, and the oldest revoked ones beyond `MOST_REVOKED`, with writes that add
 * one. So rotations can't fill the database, and a plan compares a secret with few. Those of a manifest stay, because it must not bring
 * them back.
 * @param adding the writes that add @param now milliseconds
 */
export function makeRoom(credentials: readonly Credential[], adding: CredentialWrites, now: number): CredentialWrites {
  const added = new Map(adding.put.map((one) => [one.id, one]))
  const others = credentials.filter(({ id, origin }) => origin === 'command' && !added.has(id))
  let left = [...credentials.filter(({ id }) => !added.has(id)), ...adding.put]
  const put = new Map(added)
  const removed = [
    ...oldest(
      others,
      ({ revokedAt, expiresAt }) => (revokedAt === undefined ? expiresAt : undefined),
      now,
      MOST_EXPIRED,
    ),
    ...oldest(others, ({ revokedAt }) => revokedAt, now, MOST_REVOKED),
  ]
  for (const { id } of removed) {
    const present = left.find((one) => one.id === id)
    if (present === undefined) continue
    for (const follower of remove(left, present).put) put.set(follower.id, follower)
    left = left.flatMap((one) => (one.id === id ? [] : [put.get(one.id) ?? one]))
  }
  const gone = removed.map(({ id }) => id)
  return { put: [...put.values()].filter(({ id }) => !gone.includes(id)), remove: [...adding.remove, ...gone] }
}

/** Those that have ended, but for the last `kept`. @param endOf the time of the end in milliseconds; undefined for those without one */
function oldest(
  credentials: readonly Credential[],
  endOf: (credential: Credential) => number | undefined,
  now: number,
  kept: number,
): readonly Credential[] {
  const end = (credential: Credential) => endOf(credential) ?? Number.POSITIVE_INFINITY
  const ended = credentials.filter((one) => end(one) <= now).toSorted((one, other) => end(one) - end(other))
  return ended.slice(0, Math.max(0, ended.length - kept))
}

/** The successor of a credential; undefined if it has none, or only revoked ones. */
export const successorOf = (credentials: readonly Credential[], { id }: Credential): Credential | undefined =>
  credentials.find((other) => other.replaces?.id === id && other.revokedAt === undefined)

function refuseRotated(credentials: readonly Credential[], old: Credential): void {
  const other = successorOf(credentials, old)
  if (other !== undefined)
    throw new Conflict(`${nameOf(old)} was rotated already: ${nameOf(other)} comes after it; cancel that first`)
}

function refuseEnded(credential: Credential, now: number): void {
  if (credential.revokedAt !== undefined) throw new Conflict(`${nameOf(credential)} was revoked`)
  if (credential.expiresAt !== undefined && credential.expiresAt <= now)
    throw new Conflict(`${nameOf(credential)} has expired`)
}

/** The name of a credential in messages. */
export const nameOf = ({ id, label }: Credential): string => (label === '' ? id : JSON.stringify(label))
