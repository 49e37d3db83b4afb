import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { Provider } from 'oidc-provider'
import { inject } from 'vitest'
import { freePort } from './port.ts'

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<unknown>
}

/** The part of oidc-provider's context that a grant needs. */
interface Context {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
    readonly provider: { readonly Grant: new (of: { clientId: string; accountId: string }) => Grant }
  }
}

/** The client of Tessera at the provider. */
export const AT_PROVIDER = { id: 'tessera', secret: 'a secret of the provider, long enough' }

/**
 * An OpenID provider over TLS on localhost, which signs the next person in without a question.
 * @param redirectUri the address to which it sends browsers back
 */
export async function startOpenidProvider(redirectUri: string) {
  const port = await freePort()
  const issuer = `https://localhost:${port}`
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let person: { readonly id: string; readonly claims: object } | undefined
  const people = new Map<string, object>()
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: AT_PROVIDER.id,
        client_secret: AT_PROVIDER.secret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['of the provider'] },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'email', 'email_verified', 'groups', 'name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => '/interaction' },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    loadExistingGrant: async ({ oidc }: Context) => {
      const { Grant } = oidc.provider
      const grant = new Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
  })
  const answer = provider.callback()
  const requests: string[] = []
  const { cert, key } = inject('tls')
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`)
    if (request.url !== '/interaction') return answer(request, response)
    const result =
      person === undefined
        ? { error: 'access_denied', error_description: 'no' }
        : { login: { accountId: person.id, remember: false } }
    provider.interactionFinished(request, response, result).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve))
  return {
    issuer,
    /** The requests that came, by method and path. */
    requests,
    /** The person who is signed in next; undefined for somebody who is refused. */
    set person(next: { readonly id: string; readonly claims: object } | undefined) {
      person = next
      if (next !== undefined) people.set(next.id, next.claims)
    },
    /** Follows a browser through the provider. @returns the address to which it is sent back */
    signIn: async (url: string): Promise<URL> => {
      const cookies = new Map<string, string>()
      for (let next = new URL(url); ; ) {
        if (next.href.startsWith(redirectUri)) return next
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const response = await fetch(next, { redirect: 'manual', headers: { cookie } })
        const to = response.headers.get('location')
        if (to === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`)
        for (const set of response.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
          cookies.set(name, value)
        }
        next = new URL(to, next)
      }
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
