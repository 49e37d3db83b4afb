import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { noApi } from '../authority/absent.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { mayOver } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** Every API, the admin API included. */
export async function loadApis({ store }: Pick<ManagementContext, 'store'>): Promise<ApiSet> {
  const { found, unreadable } = await store.directory.loadApis()
  return withAdminApi(found, unreadable)
}

/** The API of an audience, in any spelling. @throws NotFound if it does not exist, or the author may not see it */
export async function showApi(context: ManagementContext, audience: string): Promise<Api | Unreadable> {
  const apis = await loadApis(context)
  const api = apis.get(audience) ?? apis.unreadableOf(audience)
  const owner = api === undefined || 'problem' in api ? undefined : api.owner
  if (api === undefined || !mayOver(context.authority, 'apis:read', owner)) throw noApi(audience)
  return api
}
