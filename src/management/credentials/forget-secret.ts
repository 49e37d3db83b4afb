import { changeOf } from '../../audit/changes.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import type { LostSecret } from './lost-secrets.ts'

/**
 * Drops the encrypted copy of a secret and keeps its hash. The client can't sign with it any more, but can still send it.
 * @returns false, with nothing written, if the secret has changed since it was listed
 */
export function forgetSecret(
  context: ManagementContext,
  { clientId, credential: { id, label, kind }, retrievable }: LostSecret,
): Promise<boolean> {
  const event = recordedBy(context, {
    type: 'credential.change',
    clientId,
    detail: { credential: id, label, kind, retrievable: false },
    changes: [
      changeOf(
        { thing: 'credential', id, name: label, client: clientId },
        { retrievable: true },
        { retrievable: false },
      ),
    ],
  })
  return context.store.credentials.forgetRetrievable(id, retrievable, event)
}
