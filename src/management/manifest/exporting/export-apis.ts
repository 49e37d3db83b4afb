import type { Api } from '../../../model/api.ts'
import type { Page, PageQuery } from '../../../model/fleet/page.ts'
import type { Unreadable } from '../../../platform/unreadable.ts'
import { type ApiFilter, type apiSorts, listApis } from '../../apis/list.ts'
import type { ManagementContext } from '../../context.ts'
import { apiSchema, fromApi } from '../../schemas/api.ts'
import { withoutDefaults } from '../../schemas/without-defaults.ts'
import type { VisibleOwners } from '../../visible.ts'
import { type Exported, leftOut } from './exported.ts'

/** A page of the APIs that a reader may see, as a manifest has them. @throws UserError as `listApis` */
export async function exportApis(
  context: ManagementContext,
  visible: VisibleOwners,
  query: PageQuery<ApiFilter, (typeof apiSorts)[number]>,
): Promise<Page<Exported>> {
  const { items, next } = await listApis(context, visible, query)
  return { items: items.map(exportApi), next }
}

/** An API as a manifest has it. */
export const exportApi = (api: Api | Unreadable): Exported =>
  'problem' in api
    ? leftOut('API', api)
    : { entry: Object(withoutDefaults(apiSchema, fromApi(api))), manifest: api.manifest, notes: [] }
