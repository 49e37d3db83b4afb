import { type AuditKey, makeAuditKey, openSeal } from '../../audit/proof/keys.ts'
import { UserError } from '../../platform/user-error.ts'
import type { SealedContext } from '../context.ts'
import { newAuditKeyEvent } from './key-event.ts'

/**
 * Replaces the key that signs the audit log. The old key signs the new one, and its private part is dropped. Servers sign with the new
 * one from their next checkpoint on. @throws MasterKeyMismatch; UserError if the old key can't sign
 */
export async function rotateAuditKey(context: SealedContext): Promise<AuditKey> {
  const { store, masterKey, clock } = context
  let made: AuditKey | undefined
  await store.proof.addKey((keys, inUse) => {
    masterKey.requireFitting(inUse)
    const last = keys.at(-1)
    const seal = last && openSeal(keys, masterKey)
    if (seal !== undefined && 'problem' in seal)
      throw new UserError(`${seal.problem}: tessera keys repair makes a key that the old one does not sign`)
    made = makeAuditKey({ masterKey, inUse, now: clock.now() }, last && { key: last, seal })
    return { key: made, event: newAuditKeyEvent(context, made.kid, last && { kid: last.kid, isLost: false }) }
  })
  if (made === undefined) throw new TypeError('the store planned no key')
  return made
}
