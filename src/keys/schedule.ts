import { CLOCK_SKEW_MS } from '../platform/clock.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import type { KeyWrites, StoredKey } from './store.ts'

/** The times in the life of a key, the same for every algorithm. Milliseconds. */
export interface RotationPolicy {
  /** The time from the activation of one key to that of the next. */
  readonly rotateEvery: number
  /** The time for which a key is published before it signs. It is longer than verifiers cache the key set. */
  readonly publishBefore: number
  /** The time for which a key is published after it has signed its last token. It is longer than that token lives. */
  readonly retireAfter: number
}

/** @param options seconds, as configured @param longestLifetime the longest lifetime of any token, in milliseconds */
export const rotationPolicy = (
  options: { readonly rotate_every: number; readonly publish_before: number },
  longestLifetime: number,
): RotationPolicy => ({
  rotateEvery: options.rotate_every * 1000,
  publishBefore: options.publish_before * 1000,
  retireAfter: longestLifetime + CLOCK_SKEW_MS,
})

/** A new key that a plan may add. */
export type Candidate = Pick<StoredKey, 'kid' | 'algorithm' | 'publicKey' | 'encryptedPrivateKey' | 'masterKeyId'>

/** The time within which every process on the database publishes a new key. Milliseconds. */
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

/** The time at which a new key of an algorithm should become active; undefined if no new key is due yet. */
export function nextKeyActiveAt(
  keys: readonly StoredKey[],
  algorithm: KeyAlgorithm,
  now: number,
  { rotateEvery, publishBefore }: RotationPolicy,
): number | undefined {
  const { active, pending } = ofAlgorithm(keys, algorithm)
  const last = pending.at(-1) ?? active
  // On an empty database no verifier has a key set yet, so the first key signs at once. Otherwise all processes publish it first.
  if (last === undefined) return keys.length === 0 ? now : now + PROPAGATION_MS
  const next = last.activeAt + rotateEvery
  return next - publishBefore <= now ? Math.max(next, now + publishBefore) : undefined
}

/** The time at which the next key becomes active. It is past if that is overdue, and undefined if no key was ever active. */
export function nextRotationAt(
  keys: readonly StoredKey[],
  algorithm: KeyAlgorithm,
  { rotateEvery }: Pick<RotationPolicy, 'rotateEvery'>,
): number | undefined {
  const { active, pending } = ofAlgorithm(keys, algorithm)
  return pending[0]?.activeAt ?? (active && active.activeAt + rotateEvery)
}

/**
 * Plans the due steps for the keys of an algorithm. The next key becomes active and the previous one retires. A key that has
 * retired for long enough is gone. A new key is added in time to be published before it is needed.
 * @param candidate the key to add, if one is due
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
      // These keys were due while no process ran. They have signed nothing.
      ...due.slice(0, -1).map((key): StoredKey => ({ ...key, state: 'gone' })),
      ...ending.filter(({ goneAt }) => (goneAt ?? 0) <= now).map((key): StoredKey => ({ ...key, state: 'gone' })),
    ],
  }
}

/** Plans a manual rotation. The next key becomes active once it was published for long enough, or with `atOnce` for one second. */
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

/** Plans a rollback: the key before the active one signs again. The plan is empty if there is no such key. */
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

/** Plans a revocation: the key and its tokens end at once. If it was active, the next key follows once all processes publish it. */
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
 * The key that replaces a broken active one: the last retiring key, which verifiers already know. Otherwise it is the next pending
 * key, once all processes publish it. Undefined if there is neither.
 * @param usable the keys that can sign or seal
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
