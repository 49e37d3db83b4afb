import { requireFitting } from '../../keys/fitting.ts'
import { Keyring } from '../../keys/keyring.ts'
import { recordedBy, type SealedContext } from '../context.ts'
import { listLostSecrets } from '../credentials/lost-secrets.ts'

/**
 * Accepts a restored database if servers could start on it, and records the restore in its audit log.
 * @param from the name of the backup
 * @returns the number of keys and secrets that can't be used, which does not keep servers from starting
 * @throws UserError if the database is under another master key
 */
export async function acceptRestored(context: SealedContext, from: string): Promise<number> {
  const { store, masterKey } = context
  await requireFitting(store.keys, masterKey)
  const { problems } = await Keyring.open(store.keys, masterKey)
  const lost = await listLostSecrets(context)
  await store.audit.appendChange(recordedBy(context, { type: 'database.restore', detail: { from } }))
  return problems.length + lost.length
}
