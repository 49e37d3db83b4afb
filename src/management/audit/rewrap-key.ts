import { auditKeyContext } from '../../audit/proof/keys.ts'
import type { SealedContext } from '../context.ts'
import { rewrappedAuditKeyEvent } from './key-event.ts'

/**
 * Encrypts the key that signs the audit log under the current master key.
 * @param onRewrapped called if it was encrypted under another one
 * @returns a line if it can't be decrypted
 */
export async function rewrapAuditKey(
  context: SealedContext,
  onRewrapped: (kid: string) => void,
): Promise<readonly string[]> {
  const { store, masterKey } = context
  const last = (await store.proof.listKeys()).at(-1)
  const before = last?.encrypted
  if (last === undefined || before === undefined || before.masterKeyId === masterKey.id) return []
  const { kid } = last
  const plaintext = masterKey.decrypt(before, auditKeyContext(kid))
  if (!Buffer.isBuffer(plaintext)) return [`the audit key ${kid} ${plaintext.problem}`]
  const after = masterKey.encrypt(plaintext, auditKeyContext(kid), masterKey.id)
  const event = rewrappedAuditKeyEvent(context, kid, before.masterKeyId, after.masterKeyId)
  if (await store.proof.replaceEncryptedKey(kid, before, after, event)) onRewrapped(kid)
  return []
}
