import { permissionsOfRoles } from '../../management/authority/permissions.ts'
import type { MemberName } from '../../model/group.ts'
import { changingSenderOf, hasSession, type Sender, senderOf } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import type { Authenticate } from './caller.ts'
import type { Memberships } from './memberships.ts'

/**
 * Authenticates a person by a session: the cookie of a browser, or the bearer token of a command line. A change by a browser must carry
 * the CSRF token in `X-CSRF-Token`, and come from a page of this server.
 */
export const sessionCaller =
  (context: PeopleContext, membershipsOf: (names: readonly MemberName[]) => Promise<Memberships>): Authenticate =>
  async ({ method, headers }) => {
    if (!hasSession(headers)) return undefined
    const isRead = method === 'GET' || method === 'HEAD'
    const csrf = headers['x-csrf-token']
    const sender: Sender = isRead
      ? await senderOf(context, headers)
      : await changingSenderOf(context, headers, typeof csrf === 'string' ? csrf : undefined)
    return {
      actor: sender.actor,
      authority: {
        everywhere: permissionsOfRoles(sender.roles),
        within: await membershipsOf(namesOf(sender)),
      },
      signedIn: sender,
    }
  }

/** The names by which groups may have a person as a member: the local account, or values of claims of the sign-on. */
const namesOf = ({ account, claims }: Sender): readonly MemberName[] => [
  ...(account === undefined ? [] : [{ kind: 'account', id: account } as const]),
  ...Object.entries(claims).flatMap(([claim, values]) => values.map((id) => ({ kind: 'claim', claim, id }) as const)),
]
