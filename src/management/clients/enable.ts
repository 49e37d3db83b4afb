import type { ClientId } from '../../oauth/ids.ts'
import type { ManagementContext } from '../context.ts'
import { changeClient } from './change.ts'

/** Enables a client. Its earlier tokens stay inactive. @throws UserError as `changeClient` */
export const enableClient = (context: ManagementContext, id: ClientId) =>
  changeClient(context, id, (client) => {
    if (client.enabled) return client
    const { ended: { disabledAt: _, ...others } = {}, ...rest } = client
    return { ...rest, enabled: true, ...(Object.keys(others).length > 0 && { ended: others }) }
  })
