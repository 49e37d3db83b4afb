import { parseScope } from '../oauth/scope.ts'
import type { RequestedAccess } from '../policy/entitlement.ts'
import type { Grant } from './grant.ts'
import { refusal } from './refusals.ts'

/** The client credentials grant (RFC 6749 §4.4): the token is for the client itself. */
export const clientCredentials: Grant<RequestedAccess> = {
  grantType: 'client_credentials',
  permission: 'grant_types',
  parse(form) {
    const parameter = form.get('scope')
    const scope = parameter === undefined ? undefined : parseScope(parameter)
    if (parameter !== undefined && scope === undefined) throw refusal('malformed_scope')
    return { scope, targets: [...form.all('resource'), ...form.all('audience')] }
  },
  targets: ({ targets }) => targets,
  authorize: ({ client }, requested) => ({ kind: 'issue', client, requested }),
}
