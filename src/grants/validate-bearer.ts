import type { AuthenticatedClient } from '../client-auth/authenticate.ts'
import { toSeconds } from '../platform/clock.ts'
import { scopeOf } from '../tokens/claims.ts'
import type { Judge } from '../tokens/introspection/verdict.ts'
import { refusal } from './refusals.ts'

/**
 * PingFederate's validation grant: an API asks the token endpoint what a token is worth, and gets its claims.
 * @param now milliseconds
 * @throws Refusal `invalid_grant` where the token is worth nothing to it
 */
export async function validateBearer(judge: Judge, { client }: AuthenticatedClient, token: string, now: number) {
  const verified = await judge.judge(client, token)
  if (verified === undefined) throw refusal('token_not_valid')
  const { claims } = verified
  return {
    access_token: claims,
    token_type: 'urn:pingidentity.com:oauth2:validated_token',
    expires_in: claims.exp - toSeconds(now),
    scope: scopeOf(claims),
    client_id: claims.client_id,
  }
}
