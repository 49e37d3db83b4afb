import type { KeyAlgorithm } from '../../keys/algorithms.ts'
import { createKey, encryptKey } from '../../keys/candidate.ts'
import { canUse, openKey } from '../../keys/open-key.ts'
import { planManualRotation, whichCount } from '../../keys/schedule.ts'
import type { KeyWrites } from '../../keys/store.ts'
import { requireEverywhere } from '../authority/authority.ts'
import { type KeyContext, recordedKeys } from './context.ts'

interface RotateInput {
  readonly algorithm: KeyAlgorithm
  /** Whether the next key becomes active even if it was not published long enough. */
  readonly atOnce: boolean
}

/** Rotates the keys of an algorithm now rather than by schedule. */
export async function rotateKeys(context: KeyContext, { algorithm, atOnce }: RotateInput): Promise<KeyWrites> {
  requireEverywhere(context.authority, 'keys:write')
  const { store, masterKey, policy, clock } = context
  const key = await createKey(algorithm)
  return store.keys.updateKeys((rows) => {
    const candidate = encryptKey(key, masterKey, rows.masterKeyId)
    const keys = whichCount(rows.found, (other) => canUse(other, openKey(other, masterKey)))
    return recordedKeys(context, rows, planManualRotation(keys, clock.now(), policy, candidate, atOnce))
  })
}
