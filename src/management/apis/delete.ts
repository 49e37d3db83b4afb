import type { Api } from '../../model/api.ts'
import type { ApiDeletion } from '../../model/store.ts'
import { ATTEMPTS } from '../../model/store.ts'
import { Audience } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { Conflict } from '../../platform/user-error.ts'
import { noApi } from '../authority/absent.ts'
import { ownerOf, requireOverApi } from '../authority/api-rights.ts'
import { requireOver } from '../authority/authority.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { apiChange, clientChange } from '../fields.ts'
import { type Claim, keeperOf, OwnedByManifest, requireOwnership } from '../ownership.ts'
import { clientsReferringTo, findApi, MOST_CLIENTS } from './find-clients.ts'
import { withoutApi } from './without-api.ts'

interface DeleteInput extends Pick<Claim, 'takeOver'> {
  readonly audience: string
  /** Whether to take the API out of the clients that refer to it. Without this, they keep it from being deleted. */
  readonly withGrants: boolean
  /** Called with the present API, possibly more than once. @throws UserError to refuse the deletion */
  readonly check?: (before: Api | Unreadable) => void
}

/**
 * Deletes an API for good, even an unreadable one, and ends its tokens. A manifest that still names the API makes a new one.
 * @returns the number of clients that were changed
 * @throws UserError if it does not exist, if clients refer to it and `withGrants` is not set, or if more than `MOST_CLIENTS` do;
 *   OwnedByManifest if a manifest owns it, or one of these clients
 */
export async function deleteApi(
  context: ManagementContext,
  { audience, withGrants, takeOver, check = () => {} }: DeleteInput,
): Promise<number> {
  const { model } = context.store
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { version, apis, unreadableApis } = await model.snapshot([])
    const { api: found } = findApi([...apis.values()], unreadableApis, audience)
    requireOverApi(context.authority, 'apis:delete', found)
    check(found)
    requireOwnership(context, { kind: 'API', id: audience, manifest: found.manifest }, { takeOver })
    const referring = await clientsReferringTo(model, [found])
    refuseMany(audience, referring.length, withGrants)
    const deletion = await model.deleteApi(
      Audience(audience),
      { version, clients: referring },
      ({ api, others, clients }): ApiDeletion => {
        if (api === undefined) throw noApi(audience)
        requireOverApi(context.authority, 'apis:delete', api)
        check(api)
        requireOwnership(context, { kind: 'API', id: audience, manifest: api.manifest }, { takeOver })
        const changed = clients.flatMap((before) => {
          const after = withoutApi(before, api, others)
          return after === before
            ? []
            : [{ before, after: { ...after, manifest: takeOver ? undefined : after.manifest } }]
        })
        refuseMany(audience, changed.length, withGrants)
        if (changed.length > 0) requireOver(context.authority, 'grants:write', ownerOf(api))
        refuseKept(changed.map(({ before }) => keeperOf(context, before.manifest, { takeOver })))
        const changes = changed.map(({ before, after }) => clientChange(before, after))
        const event = recordedBy(context, {
          type: 'api.delete',
          detail: { audience, clients: changed.length },
          changes: [apiChange(api, undefined), ...changes],
        })
        return { clients: changed.map(({ after }) => after), event }
      },
    )
    if (deletion !== undefined) return deletion.clients.length
  }
  throw new Conflict('others kept changing clients or APIs, and nothing was deleted: try again')
}

function refuseMany(audience: string, clients: number, withGrants: boolean): void {
  const isMore = clients > MOST_CLIENTS
  if (clients === 0 || (withGrants && !isMore)) return
  const some = isMore ? `more than ${MOST_CLIENTS} clients` : clients === 1 ? '1 client' : `${clients} clients`
  throw new Conflict(
    `${some} have scopes at ${audience}, name it as their default API, or may introspect its tokens: ${isMore ? 'take it out of some of them first' : 'take it out of them first, or delete it with its grants'}`,
  )
}

/** Refuses to change clients that manifests own. The author may not see all of them, so that none is named. */
function refuseKept(keepers: readonly ReturnType<typeof keeperOf>[]): void {
  const counted = (keeper: 'manifest' | 'server'): string => {
    const count = keepers.filter((one) => one === keeper).length
    return count === 0 ? '' : count === 1 ? '1 client that refers to it' : `${count} clients that refer to it`
  }
  const [served, owned] = [counted('server'), counted('manifest')]
  if (served !== '') throw new OwnedByManifest(`the files of this server keep ${served}: take it out of them there`)
  if (owned !== '')
    throw new OwnedByManifest(`manifests own ${owned}: take it out of them there, or take them over with --take-over`)
}
