import type { ModelStore } from '../../model/store.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import { type Authority, mayOver } from './authority.ts'

/**
 * Refuses a new id that is the subject of a client over which the author has no power. Otherwise an API that decides by `sub` would take
 * the new client for the other one (RFC 9068 §5).
 * @throws NotAllowed
 */
export async function requireFreeSubjects(
  authority: Authority,
  ids: readonly ClientId[],
  store: Pick<ModelStore, 'clientsWithSubject'>,
): Promise<void> {
  if (ids.length === 0 || authority.everywhere.has('clients:write')) return
  const others = await store.clientsWithSubject(ids)
  const taken = others.find(({ owner }) => !mayOver(authority, 'clients:write', owner))
  if (taken !== undefined)
    throw new NotAllowed(
      `the client id ${JSON.stringify(taken.subject)} is the subject of another client's tokens, so that APIs could confuse them: choose another id`,
    )
}
