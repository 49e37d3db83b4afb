import type { AuthenticatedClient } from '../client-auth/authenticate.ts'
import type { Client } from '../model/client.ts'
import { refusal } from './refusals.ts'

/**
 * The client credentials grant (RFC 6749 §4.4): the token is for the client itself.
 * @throws Refusal `unauthorized_client` where the client may not use it
 */
export function clientCredentials({ client }: AuthenticatedClient): Client {
  if (!client.grantTypes.includes('client_credentials')) throw refusal('grant_not_allowed')
  return client
}
