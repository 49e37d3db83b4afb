import type { ClientId } from '../../oauth/ids.ts'
import type { ManagementContext } from '../context.ts'
import { changeClient } from './change.ts'

/** Disables a client, so that no manifest enables it again, and ends its tokens. @throws UserError as `changeClient` */
export const disableClient = (context: ManagementContext, id: ClientId) =>
  changeClient(context, id, (client) => {
    if (client.ended?.disabledAt !== undefined) return client
    return { ...client, enabled: false, ended: { ...client.ended, disabledAt: context.clock.now() } }
  })
