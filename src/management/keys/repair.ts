import type { KeyAlgorithm } from '../../keys/algorithms.ts'
import { createKey, type NewKey } from '../../keys/candidate.ts'
import { UserError } from '../../platform/user-error.ts'
import { type KeyContext, recordedKeys } from './context.ts'
import { masterKeyEvent } from './master-key-event.ts'
import { type KeyRepair, planRepair, refuseMistaken } from './plan-repair.ts'

/**
 * Repairs the keys. With a lost master key this takes two transactions. If it is interrupted between them, a second call without
 * `isLost` completes it.
 * @param isLost as for `refuseMistaken` @throws UserError as `refuseMistaken`, or if somebody else changes the keys meanwhile
 */
export async function repairKeys(context: KeyContext, isLost: boolean): Promise<KeyRepair> {
  const { store, masterKey } = context
  const rows = await store.keys.listKeys()
  refuseMistaken(context, rows, isLost)
  if (isLost) {
    const event = masterKeyEvent(context, rows.masterKeyId, { lost: true })
    if (!(await store.keys.replaceMasterKey(rows.masterKeyId, masterKey.id, event))) throw changedMeanwhile()
  }
  const needed = planRepair(context, rows, new Map()).repair.replacements.filter(({ key }) => key === undefined)
  const fresh = new Map<KeyAlgorithm, NewKey>()
  for (const { algorithm } of needed) fresh.set(algorithm, await createKey(algorithm))
  const { repair } = await store.keys.updateKeys((found) => {
    masterKey.requireFitting(found.masterKeyId)
    const { repair, writes } = planRepair(context, found, fresh)
    if (repair.replacements.some(({ key }) => key === undefined)) throw changedMeanwhile()
    return { ...recordedKeys(context, found, writes), repair }
  })
  return repair
}

const changedMeanwhile = (): UserError => new UserError('somebody else changed the keys meanwhile: list them again')
