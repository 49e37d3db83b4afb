import { changeOf } from '../../audit/changes.ts'
import { contextOf } from '../../keys/candidate.ts'
import { keyDetail } from '../../keys/record.ts'
import { Conflict } from '../../platform/user-error.ts'
import { recordedBy, type SealedContext } from '../context.ts'
import { masterKeyEvent } from './master-key-event.ts'

/**
 * Puts the current master key in use, then encrypts every key under it, one at a time. If it is interrupted, the next call completes it.
 * As soon as it has begun, all processes encrypt new rows under the current master key.
 * @param onRewrapped called for each key
 * @returns one line for each key that can't be decrypted; those stay as they are
 */
export async function rewrapKeys(
  context: SealedContext,
  onRewrapped: (kid: string) => void,
): Promise<readonly string[]> {
  const { store, masterKey } = context
  const { found, masterKeyId: before } = await store.keys.listKeys()
  masterKey.requireFitting(before)
  if (before !== undefined && before !== masterKey.id) {
    if (!(await store.keys.replaceMasterKey(before, masterKey.id, masterKeyEvent(context, before))))
      throw new Conflict('another command is changing the master key: see which one is in use, and try again')
  }
  const problems: string[] = []
  for (const key of found.filter(({ masterKeyId }) => masterKeyId !== masterKey.id)) {
    const encrypted = { ciphertext: key.encryptedPrivateKey, masterKeyId: key.masterKeyId }
    const plaintext = masterKey.decrypt(encrypted, contextOf(key))
    if (!Buffer.isBuffer(plaintext)) {
      problems.push(`key ${key.kid} ${plaintext.problem}`)
      continue
    }
    const after = masterKey.encrypt(plaintext, contextOf(key), masterKey.id)
    const { masterKeyId } = after
    const event = recordedBy(context, {
      type: 'key.change',
      detail: { ...keyDetail(key), master_key: masterKeyId },
      changes: [changeOf({ thing: 'key', id: key.kid }, { masterKeyId: key.masterKeyId }, { masterKeyId })],
    })
    if (await store.keys.replaceEncrypted(key.kid, encrypted, after, event)) onRewrapped(key.kid)
  }
  return problems
}
