import { makeAuditKey, openSeal } from '../../audit/proof/keys.ts'
import type { SealedContext } from '../context.ts'
import { newAuditKeyEvent } from './key-event.ts'

/** Why the key that signs the audit log can't be used; undefined if it can, or if no server has made one yet. */
export async function auditKeyProblem({ store, masterKey }: SealedContext): Promise<string | undefined> {
  const keys = await store.proof.listKeys()
  const seal = openSeal(keys, masterKey)
  return keys.length > 0 && 'problem' in seal ? seal.problem : undefined
}

/** Replaces the key that signs the audit log, if it can't be used. Nothing signs the new one but itself, which the log shows. */
export async function repairAuditKey(context: SealedContext): Promise<void> {
  const { store, masterKey, clock } = context
  if ((await auditKeyProblem(context)) === undefined) return
  await store.proof.addKey((keys, inUse) => {
    const last = keys.at(-1)
    const seal = openSeal(keys, masterKey)
    if (last === undefined || !('problem' in seal)) return undefined
    const key = makeAuditKey({ masterKey, inUse, now: clock.now() }, { key: last, seal: undefined })
    return { key, event: newAuditKeyEvent(context, key.kid, { kid: last.kid, isLost: true }) }
  })
}
