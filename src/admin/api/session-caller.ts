import { permissionsOfRoles } from '../../management/authority/permissions.ts'
import { changingSenderOf, hasSession, type Sender, senderOf } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import type { Authenticate } from './caller.ts'

/**
 * Authenticates a person by a session: the cookie of a browser, or the bearer token of a command line. A change by a browser must carry
 * the CSRF token in `X-CSRF-Token`, and come from a page of this server.
 */
export const sessionCaller =
  (context: PeopleContext): Authenticate =>
  async ({ method, headers }) => {
    if (!hasSession(headers)) return undefined
    const isRead = method === 'GET' || method === 'HEAD'
    const csrf = headers['x-csrf-token']
    const sender: Sender = isRead
      ? await senderOf(context, headers)
      : await changingSenderOf(context, headers, typeof csrf === 'string' ? csrf : undefined)
    return {
      actor: sender.actor,
      authority: { everywhere: permissionsOfRoles(sender.roles), within: new Map() },
      signedIn: sender,
    }
  }
