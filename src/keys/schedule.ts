import { CLOCK_SKEW_MS } from '../platform/clock.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import type { KeyWrites, StoredKey } from './store.ts'

/** How keys of every algorithm live. Milliseconds. */
export interface RotationPolicy {
  /** From one key's becoming active to the next one's. */
  readonly rotateEvery: number
  /** For how long a key is published before it signs: longer than verifiers keep the key set. */
  readonly publishBefore: number
  /** For how long a key is published after it has signed its last token: longer than that lives. */
  readonly retireAfter: number
}

/** @param options seconds, as configured @param longestLifetime of any token, in milliseconds */
export const rotationPolicy = (
  options: { readonly rotate_every: number; readonly publish_before: number },
  longestLifetime: number,
): RotationPolicy => ({
  rotateEvery: options.rotate_every * 1000,
  publishBefore: options.publish_before * 1000,
  retireAfter: longestLifetime + CLOCK_SKEW_MS,
})

/** A key that stands ready to be added, should the plan want one. */
export type Candidate = Pick<StoredKey, 'kid' | 'algorithm' | 'publicKey' | 'encryptedPrivateKey' | 'masterKeyId'>

/** Within this time every process on the database has seen a new key, and publishes it. */
export const PROPAGATION_MS = 1_000

const NOTHING: KeyWrites = { add: [], put: [] }

const ofAlgorithm = (keys: readonly StoredKey[], algorithm: KeyAlgorithm) => {
  const mine = keys.filter((key) => key.algorithm === algorithm)
  return {
    active: mine.find(({ state }) => state === 'active'),
    pending: mine.filter(({ state }) => state === 'pending').sort((one, other) => one.activeAt - other.activeAt),
    ending: mine.filter(({ state }) => state === 'retiring' || state === 'revoked'),
    retiring: mine.filter(({ state }) => state === 'retiring').sort((one, other) => other.activeAt - one.activeAt),
  }
}

/**
 * The keys that a plan may count on. It leaves out pending keys that can't be used, since they must never become active.
 * @param canUse whether this process could sign or seal with a key
 */
export const whichCount = (keys: readonly StoredKey[], canUse: (key: StoredKey) => boolean): readonly StoredKey[] =>
  keys.filter((key) => key.state !== 'pending' || canUse(key))

/** When the plan of an algorithm wants another key to become active; undefined where it wants none yet. */
export function nextKeyActiveAt(
  keys: readonly StoredKey[],
  algorithm: KeyAlgorithm,
  now: number,
  { rotateEvery, publishBefore }: RotationPolicy,
): number | undefined {
  const { active, pending } = ofAlgorithm(keys, algorithm)
  const last = pending.at(-1) ?? active
  // Nobody waits for a first key but the requests of this very algorithm; on an empty database, no process has published.
  if (last === undefined) return keys.length === 0 ? now : now + PROPAGATION_MS
  const next = last.activeAt + rotateEvery
  return next - publishBefore <= now ? Math.max(next, now + publishBefore) : undefined
}

/** When the next key of an algorithm is to become active; past where that is overdue, undefined where none ever was. */
export function nextRotationAt(
  keys: readonly StoredKey[],
  algorithm: KeyAlgorithm,
  { rotateEvery }: Pick<RotationPolicy, 'rotateEvery'>,
): number | undefined {
  const { active, pending } = ofAlgorithm(keys, algorithm)
  return pending[0]?.activeAt ?? (active && active.activeAt + rotateEvery)
}

/**
 * What is due for the keys of an algorithm: the next one becomes active and the one before retires, what has retired for
 * long enough is gone, and another one is added in time to be published before it is needed.
 * @param candidate the key to add; where there is none, none is added
 */
export function planRotation(
  keys: readonly StoredKey[],
  algorithm: KeyAlgorithm,
  now: number,
  policy: RotationPolicy,
  candidate: Candidate | undefined,
): KeyWrites {
  const { active, pending, ending } = ofAlgorithm(keys, algorithm)
  const due = pending.filter(({ activeAt }) => activeAt <= now)
  const next = due.at(-1)
  const activeAt = nextKeyActiveAt(keys, algorithm, now, policy)
  return {
    add: candidate !== undefined && activeAt !== undefined ? [newKey(candidate, now, activeAt)] : [],
    put: [
      ...(next === undefined ? [] : [activate(next, now)]),
      ...(next === undefined || active === undefined ? [] : [retire(active, now, policy)]),
      // Skipped while no process ran: it has signed nothing.
      ...due.slice(0, -1).map((key): StoredKey => ({ ...key, state: 'gone' })),
      ...ending.filter(({ goneAt }) => (goneAt ?? 0) <= now).map((key): StoredKey => ({ ...key, state: 'gone' })),
    ],
  }
}

/** Rotates by hand: the next key becomes active as soon as it was published for long enough, or with `now` at once. */
export function planManualRotation(
  keys: readonly StoredKey[],
  now: number,
  { publishBefore }: RotationPolicy,
  candidate: Candidate,
  atOnce: boolean,
): KeyWrites {
  const { pending } = ofAlgorithm(keys, candidate.algorithm)
  const [first] = pending
  const published = atOnce ? PROPAGATION_MS : publishBefore
  if (first === undefined) return { add: [newKey(candidate, now, now + published)], put: [] }
  return {
    add: [],
    put: [{ ...first, activeAt: Math.min(first.activeAt, Math.max(now, first.createdAt + published)) }],
  }
}

/** One step back: the key before the active one signs again. Nothing where there is none. */
export function planRollback(
  keys: readonly StoredKey[],
  algorithm: KeyAlgorithm,
  now: number,
  policy: RotationPolicy,
): KeyWrites {
  const { active, retiring } = ofAlgorithm(keys, algorithm)
  const [previous] = retiring
  if (active === undefined || previous === undefined) return NOTHING
  return { add: [], put: [activate(previous, now), retire(active, now, policy)] }
}

/** Ends a key at once, with all that it has signed. If it was active, the next one takes its place as soon as all publish it. */
export function planRevocation(
  keys: readonly StoredKey[],
  kid: string,
  now: number,
  { retireAfter }: RotationPolicy,
  candidate: Candidate | undefined,
): KeyWrites {
  const revoked = keys.find((key) => key.kid === kid)
  if (revoked === undefined) return NOTHING
  const put: StoredKey[] = [{ ...revoked, state: 'revoked', goneAt: now + retireAfter }]
  if (revoked.state !== 'active') return { add: [], put }
  const [first] = ofAlgorithm(keys, revoked.algorithm).pending
  if (first !== undefined) {
    return { add: [], put: [...put, { ...first, activeAt: Math.max(now, first.createdAt + PROPAGATION_MS) }] }
  }
  return { add: candidate === undefined ? [] : [newKey(candidate, now, now + PROPAGATION_MS)], put }
}

/**
 * The key that replaces a broken active one: the last retiring key, which verifiers know already, or else the next pending one as soon as
 * all processes publish it. Undefined if there is neither. @param usable the keys that can sign or seal
 */
export function planReplacement(
  usable: readonly StoredKey[],
  algorithm: KeyAlgorithm,
  now: number,
): StoredKey | undefined {
  const { pending, retiring } = ofAlgorithm(usable, algorithm)
  const [previous] = retiring
  if (previous !== undefined) return activate(previous, now)
  const [next] = pending
  return next && { ...next, activeAt: Math.max(now, next.createdAt + PROPAGATION_MS) }
}

export const newKey = (candidate: Candidate, now: number, activeAt: number): StoredKey => ({
  ...candidate,
  state: activeAt <= now ? 'active' : 'pending',
  createdAt: now,
  activeAt,
  goneAt: undefined,
})

const activate = (key: StoredKey, now: number): StoredKey => ({
  ...key,
  state: 'active',
  activeAt: now,
  goneAt: undefined,
})

export const retire = (key: StoredKey, now: number, { retireAfter }: RotationPolicy): StoredKey => ({
  ...key,
  state: 'retiring',
  goneAt: now + retireAfter,
})
