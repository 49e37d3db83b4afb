import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { audience, basic, introspectionPath, issuer, keysPath, tokenForm, tokenPath } from '../fleet.ts'
import { signedValue } from '../load/signed-value.ts'
import type { Answer, Balancer } from './balancer.ts'
import type { TrafficSetup } from './traffic-order.ts'

const REVOCATION_PATH = '/as/revoke_token.oauth2'
const SEALED_FORM = 'grant_type=client_credentials&scope=open'
const ASSERTION_TYPE = encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
/** Milliseconds for which a token is introspected. It lives longer. */
const YOUNG_MS = 60_000
/** The tokens that are introspected. */
const HELD = 500
/** Milliseconds in which every server honours a revocation. It is a second; a busy machine gets more. */
const HEEDED_MS = 5_000
/** Milliseconds for which the answer with the keys may be kept (`keys.cache_max_age`). */
export const KEYS_KEPT_MS = 5_000

/** The answer is not the expected one. */
class UnexpectedAnswer extends Error {}

/** The part of all requests that each kind has. */
const shares = {
  'token, secret': 450,
  'token, private_key_jwt': 100,
  'token, DPoP': 100,
  'token, certificate': 50,
  'token, sealed': 50,
  'token, secret under rotation': 20,
  introspection: 200,
  'keys and a verification': 10,
  metadata: 10,
  'revocation, then introspection': 4,
  'wrong secret': 4,
  'assertion used twice': 2,
} as const

type Kind = keyof typeof shares

const kinds = Object.entries(shares).flatMap(([kind, share]) => Array<Kind>(share).fill(kind as Kind))

export const anyKind = (): Kind => kinds[Math.floor(Math.random() * kinds.length)] ?? 'introspection'

/** Makes the requests of the load. Each rejects if the answer is not the expected one. */
export class Requests {
  readonly #setup: TrafficSetup
  readonly #balancer: Balancer
  readonly #held: { readonly token: string; readonly at: number }[] = []
  readonly #keySets
  readonly #proof
  readonly #assertion
  #served = 0
  secret: string

  readonly #send: Readonly<Record<Kind, () => Promise<void>>> = {
    'token, secret': async () => this.#hold(await this.#token(tokenForm, { authorization: basic(this.#service()) })),
    'token, private_key_jwt': async () => this.#hold(await this.#token(this.#assertionForm())),
    'token, DPoP': async () => {
      const proof = this.#proof(randomUUID(), Math.floor(Date.now() / 1000))
      this.#hold(await this.#token(tokenForm, { authorization: basic(this.#setup.bound), dpop: proof }))
    },
    'token, certificate': async () => {
      const { id, header } = this.#setup.edge
      this.#hold(await this.#token(`${tokenForm}&client_id=${id}`, { 'client-cert': header }))
    },
    'token, sealed': async () =>
      this.#hold(await this.#token(SEALED_FORM, { authorization: basic(this.#setup.opener) })),
    'token, secret under rotation': async () => {
      const { id } = this.#setup.rotating
      this.#hold(await this.#token(tokenForm, { authorization: basic({ id, secret: this.secret }) }))
    },
    introspection: () => this.#introspect(),
    'keys and a verification': () => this.#verify(),
    metadata: async () => {
      const answer = await this.#balancer.send('/.well-known/oauth-authorization-server', { method: 'GET' })
      expectAnswer(answer, 200, '"token_endpoint"')
    },
    'revocation, then introspection': () => this.#revoke(),
    'wrong secret': async () => {
      const authorization = basic({ id: this.#service().id, secret: this.#setup.watcher.secret })
      const answer = await this.#balancer.send(tokenPath, { headers: { authorization }, form: tokenForm })
      expectAnswer(answer, 401, '"invalid_client"')
    },
    'assertion used twice': async () => {
      const form = this.#assertionForm()
      await this.#token(form)
      expectAnswer(await this.#balancer.send(tokenPath, { form }), 401, '"invalid_client"')
    },
  }

  constructor(setup: TrafficSetup, balancer: Balancer) {
    this.#setup = setup
    this.#balancer = balancer
    this.secret = setup.rotating.secret
    const { privateKey, publicJwk } = setup.key
    const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: publicJwk }
    const claims = { htm: 'POST', htu: issuer + tokenPath }
    this.#proof = signedValue({ privateKey, header, claims, lifetime: undefined })
    this.#assertion = setup.signers.map((id) =>
      signedValue({ privateKey, header: { alg: 'ES256' }, claims: { iss: id, sub: id, aud: issuer }, lifetime: 60 }),
    )
    // A verifier that keeps the keys for as long as it may, and never looks for a new one in between.
    const kept = { cacheMaxAge: KEYS_KEPT_MS, cooldownDuration: Number.MAX_SAFE_INTEGER }
    this.#keySets = new Map(
      setup.backends.map(({ name, origin }) => [name, createRemoteJWKSet(new URL(origin + keysPath), kept)]),
    )
  }

  send(kind: Kind): Promise<void> {
    return this.#send[kind]()
  }

  async #token(form: string, headers: Record<string, string> = {}): Promise<string> {
    return tokenIn(await this.#balancer.send(tokenPath, { headers, form }))
  }

  #service() {
    const { services } = this.#setup
    const service = services[this.#served++ % services.length]
    if (service === undefined) throw new TypeError('there is no service')
    return service
  }

  #assertionForm(): string {
    const sign = this.#assertion[this.#served++ % this.#assertion.length]
    const assertion = sign?.(randomUUID(), Math.floor(Date.now() / 1000))
    return `${tokenForm}&client_assertion_type=${ASSERTION_TYPE}&client_assertion=${assertion}`
  }

  #hold(token: string): void {
    const entry = { token, at: Date.now() }
    if (this.#held.length < HELD) this.#held.push(entry)
    else this.#held[Math.floor(Math.random() * HELD)] = entry
  }

  async #introspect(): Promise<void> {
    const held = this.#held[Math.floor(Math.random() * this.#held.length)]
    const isYoung = held !== undefined && Date.now() - held.at < YOUNG_MS
    const token = isYoung ? held.token : await this.#token(tokenForm, { authorization: basic(this.#service()) })
    expectAnswer(await this.#askAbout(token), 200, '"active":true')
  }

  #askAbout(token: string, backend = this.#balancer.next()): Promise<Answer> {
    const headers = { authorization: basic(this.#setup.watcher) }
    return this.#balancer.send(introspectionPath, { headers, form: `token=${token}` }, backend)
  }

  /** Verifies a new token of one server with the keys of a server, which may be another. */
  async #verify(): Promise<void> {
    const token = await this.#token(tokenForm, { authorization: basic(this.#service()) })
    const verifier = this.#balancer.next()
    const keys = this.#keySets.get(verifier.name)
    if (keys === undefined) throw new TypeError('there are no keys')
    await jwtVerify(token, keys, { issuer, audience }).catch((error: Error) => {
      // A server that has stopped meanwhile gives no keys.
      if (this.#balancer.isReady(verifier)) throw new UnexpectedAnswer(`not verified: ${error.message}`)
    })
  }

  async #revoke(): Promise<void> {
    const headers = { authorization: basic(this.#setup.revoker) }
    const token = await this.#token(tokenForm, headers)
    expectAnswer(await this.#balancer.send(REVOCATION_PATH, { headers, form: `token=${token}` }), 200, '')
    await Promise.all(
      this.#balancer.backends.map(async (backend) => {
        for (const until = Date.now() + HEEDED_MS; this.#balancer.isReady(backend); await sleep(100)) {
          const answer = await this.#askAbout(token, backend)
          if (answer.status === 200 && answer.body.includes('"active":false')) return
          if (Date.now() > until) throw new UnexpectedAnswer(`${backend.name} takes a revoked token: ${answer.body}`)
        }
      }),
    )
  }
}

function tokenIn(answer: Answer): string {
  expectAnswer(answer, 200, '"access_token"')
  return JSON.parse(answer.body).access_token
}

function expectAnswer({ from, status, body }: Answer, expected: number, part: string): void {
  if (status !== expected || !body.includes(part)) throw new UnexpectedAnswer(`${from}: ${status} ${body}`)
}
