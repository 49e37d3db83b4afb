import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { audience, type BenchClient, issuer, keysPath, lifetime, scope, tokenPath } from '../fleet.ts'
import { listening } from './listening.ts'

const clients: readonly BenchClient[] = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Without an adapter, the provider uses its memory adapter. Static clients are in memory, too. */
const provider = new Provider(issuer, {
  clients: clients.map(({ id, secret }) => ({
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope,
  })),
  clientAuthMethods: ['client_secret_basic'],
  // No ID token is issued here. With the default, for which we have no key, the provider refuses every client.
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  scopes: [scope],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  routes: { token: tokenPath, jwks: keysPath },
  ttl: { ClientCredentials: lifetime },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // The request names no API. Tessera finds it by the scope, and this provider has only one.
      defaultResource: () => audience,
      getResourceServerInfo: () => ({
        audience,
        scope,
        accessTokenTTL: lifetime,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})
listening(createServer(provider.callback()))
