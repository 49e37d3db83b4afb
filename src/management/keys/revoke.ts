import { createKey, encryptKey } from '../../keys/candidate.ts'
import { canUse, openKey } from '../../keys/open-key.ts'
import { planRevocation, whichCount } from '../../keys/schedule.ts'
import type { KeyRows, KeyWrites, StoredKey } from '../../keys/store.ts'
import { NotFound } from '../../platform/user-error.ts'
import { requireEverywhere } from '../authority/authority.ts'
import { type KeyContext, recordedKeys } from './context.ts'

/** Revokes a key at once, and with it every token that it signed. @throws UserError if the key does not exist */
export async function revokeKey(context: KeyContext, kid: string): Promise<KeyWrites> {
  requireEverywhere(context.authority, 'keys:write')
  const { store, masterKey, policy, clock } = context
  const known = findKey(await store.keys.listKeys(), kid)
  const next = known && (await createKey(known.algorithm))
  return store.keys.updateKeys((rows) => {
    const { found, unreadable, masterKeyId } = rows
    masterKey.requireFitting(masterKeyId)
    if (findKey(rows, kid) === undefined) {
      const discard = unreadable.filter(({ id }) => id === kid).map(({ id }) => id)
      return recordedKeys(context, rows, { add: [], put: [], discard })
    }
    const candidate = next && encryptKey(next, masterKey, masterKeyId)
    const keys = whichCount(found, (other) => other.kid === kid || canUse(other, openKey(other, masterKey)))
    return recordedKeys(context, rows, planRevocation(keys, kid, clock.now(), policy, candidate))
  })
}

/** The key to be revoked; undefined if its row can't be read. @throws UserError if the key does not exist */
function findKey({ found, unreadable }: KeyRows, kid: string): StoredKey | undefined {
  const key = found.find((candidate) => candidate.kid === kid && candidate.state !== 'revoked')
  if (key !== undefined || unreadable.some(({ id }) => id === kid)) return key
  throw new NotFound(`there is no key ${kid}`)
}
