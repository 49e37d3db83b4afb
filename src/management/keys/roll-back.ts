import type { KeyAlgorithm } from '../../keys/algorithms.ts'
import { canUse, openKey } from '../../keys/open-key.ts'
import { planRollback } from '../../keys/schedule.ts'
import type { KeyWrites } from '../../keys/store.ts'
import { Conflict } from '../../platform/user-error.ts'
import { requireEverywhere } from '../authority/authority.ts'
import { type KeyContext, recordedKeys } from './context.ts'

/** Makes the previous key of an algorithm active again. @throws UserError if there is none */
export function rollBackKeys(context: KeyContext, algorithm: KeyAlgorithm): Promise<KeyWrites> {
  requireEverywhere(context.authority, 'keys:write')
  const { store, masterKey, policy, clock } = context
  return store.keys.updateKeys((rows) => {
    masterKey.requireFitting(rows.masterKeyId)
    // A key that can't be opened must not sign again.
    const keys = rows.found.filter((key) => key.state !== 'retiring' || canUse(key, openKey(key, masterKey)))
    const writes = planRollback(keys, algorithm, clock.now(), policy)
    if (writes.put.length === 0) throw new Conflict(`there is no ${algorithm} key to go back to`)
    return recordedKeys(context, rows, writes)
  })
}
