import { generateSecret } from '../src/model/credentials/generate-secret.ts'
import { systemRandom } from '../src/platform/random.ts'

/** The requests to every server and the claims of its tokens, which are the same for all. */
export const issuer = 'https://bench.example.com'
export const audience = 'https://api.example.com'
export const scope = 'edit'
/** Seconds. */
export const lifetime = 14_400
export const tokenPath = '/as/token.oauth2'
export const introspectionPath = '/as/introspect.oauth2'
export const keysPath = '/pf/JWKS'
/** The token request of every client. */
export const tokenForm = new URLSearchParams({ grant_type: 'client_credentials', scope }).toString()

/** The kind of a server's tokens: JWTs signed with an algorithm, or sealed. */
export type TokenKind = 'ES256' | 'RS256' | 'sealed'

/** One of the services that ask for tokens, or the API that introspects them. */
export interface BenchClient {
  readonly id: string
  readonly secret: string
}

/** The credential that a client authenticates with. A person could have made up a chosen secret. */
export type Presents = 'generated secret' | 'chosen secret' | 'assertion'

/** A client with a secret of the form that Tessera generates. */
const makeClient = (id: string): BenchClient => ({ id, secret: generateSecret(systemRandom) })

/** The API that the tokens are for. It may introspect them. */
export const resourceServer = makeClient('resource-server')

/** The chosen secret of a client. */
export const chosenSecret = ({ id }: BenchClient): string => `${id}-correct-horse`

/** Makes `count` clients, at least one. */
export function makeClients(count: number): readonly [BenchClient, ...BenchClient[]] {
  const make = (number: number) => makeClient(`client-${String(number).padStart(5, '0')}`)
  return [make(1), ...Array.from({ length: count - 1 }, (_, index) => make(index + 2))]
}

/** The `Authorization` of a client (RFC 7617 §2): its id and either secret need no escaping (RFC 6749 §2.3.1). */
export function basic(client: BenchClient, presents: Presents = 'generated secret'): string {
  const secret = presents === 'chosen secret' ? chosenSecret(client) : client.secret
  return `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`
}

/** The claims of a token, which always have the same size. @param iat seconds */
export const claimsOf = (clientId: string, jti: string, iat: number) => ({
  iss: issuer,
  sub: clientId,
  aud: audience,
  client_id: clientId,
  iat,
  exp: iat + lifetime,
  jti,
  scope,
})

/** The introspection response for a token with these claims (RFC 7662 §2.2). */
export const activeAnswer = (claims: object) => ({ active: true, ...claims, token_type: 'Bearer' })
