import { type KeyAlgorithm, SEALING } from '../../keys/algorithms.ts'
import { encryptKey, type NewKey } from '../../keys/candidate.ts'
import { canUse, openKey, readPublicKey } from '../../keys/open-key.ts'
import { newKey, PROPAGATION_MS, planReplacement, retire } from '../../keys/schedule.ts'
import type { KeyRows, KeyWrites, StoredKey, UnreadableKey } from '../../keys/store.ts'
import { Conflict } from '../../platform/user-error.ts'
import type { SealedContext } from '../context.ts'
import type { KeyContext } from './context.ts'

/** A key that can't be used for its purpose. */
interface BrokenKey extends Pick<UnreadableKey, 'id' | 'state' | 'problem'> {
  /** Undefined if the record of the key can't be read. */
  readonly algorithm: KeyAlgorithm | undefined
  /** `retire`: it stops signing, and its tokens stay valid until they expire. `discard`: it is removed, and its tokens are invalid. */
  readonly action: 'retire' | 'discard'
}

/** The key that takes the place of a broken active key. */
interface Replacement {
  readonly algorithm: KeyAlgorithm
  /** Undefined if a new key is needed and was not made yet. */
  readonly key: StoredKey | undefined
}

/** The result of a repair, or its plan. */
export interface KeyRepair {
  readonly broken: readonly BrokenKey[]
  readonly replacements: readonly Replacement[]
}

/**
 * Refuses a repair under a wrong assumption.
 * @param isLost whether the master key in use is lost and the given one replaces it
 * @throws UserError if the given master key is not in use and `isLost` is false, or is in use and `isLost` is true
 */
export function refuseMistaken({ masterKey }: SealedContext, { masterKeyId: inUse }: KeyRows, isLost: boolean): void {
  if (!isLost) masterKey.requireFitting(inUse)
  else if (inUse === undefined || masterKey.has(inUse))
    throw new Conflict('the master key in use is among those given: it is not lost')
}

/** Plans a repair. @param fresh new keys for the algorithms that have no usable key left */
export function planRepair(context: KeyContext, rows: KeyRows, fresh: ReadonlyMap<KeyAlgorithm, NewKey>) {
  const { masterKey, policy, clock } = context
  const now = clock.now()
  const live = rows.found.filter(({ state }) => state === 'pending' || state === 'active' || state === 'retiring')
  const broken = live.flatMap((key) => diagnose(key, context) ?? [])
  const actions = new Map(broken.map(({ id, action }) => [id, action]))
  const ended = live.flatMap((key): StoredKey[] => {
    const action = actions.get(key.kid)
    if (action === undefined) return []
    return [action === 'retire' ? retire(key, now, policy) : { ...key, state: 'gone' }]
  })
  const usable = live.filter((key) => canUse(key, openKey(key, masterKey)))
  const isLeft = (algorithm: KeyAlgorithm) =>
    usable.some((key) => key.algorithm === algorithm && key.state === 'active')
  const lacking = [...new Set(live.map(({ algorithm }) => algorithm))].filter((algorithm) => !isLeft(algorithm))
  const add: StoredKey[] = []
  const replacements = lacking.map((algorithm): Replacement => {
    const known = planReplacement(usable, algorithm, now)
    if (known !== undefined) return { algorithm, key: known }
    const made = fresh.get(algorithm)
    if (made === undefined) return { algorithm, key: undefined }
    const key = newKey(encryptKey(made, masterKey, rows.masterKeyId), now, now + PROPAGATION_MS)
    add.push(key)
    return { algorithm, key }
  })
  const put = [...ended, ...replacements.flatMap(({ key }) => (key === undefined || add.includes(key) ? [] : [key]))]
  const unreadable = rows.unreadable.map((key): BrokenKey => ({ ...key, algorithm: undefined, action: 'discard' }))
  const writes: KeyWrites = { add, put, discard: rows.unreadable.map(({ id }) => id) }
  return { repair: { broken: [...broken, ...unreadable], replacements }, writes }
}

/** Finds what is wrong with a key and what to do about it; undefined if the key is fine. */
function diagnose(key: StoredKey, { masterKey }: SealedContext): BrokenKey | undefined {
  const { algorithm, state } = key
  const verifier = algorithm === SEALING ? undefined : readPublicKey(key)
  if (verifier !== undefined && 'problem' in verifier) return { ...verifier, algorithm, action: 'discard' }
  const opened = openKey(key, masterKey)
  if (!('problem' in opened)) return undefined
  if (algorithm === SEALING) return { ...opened, algorithm, action: 'discard' }
  // A retiring key only verifies, which needs its public part alone.
  if (state === 'retiring') return undefined
  return { ...opened, algorithm, action: state === 'active' ? 'retire' : 'discard' }
}
