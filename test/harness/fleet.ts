import type { Agent } from 'node:https'
import { claimsOf, formOf } from './assertions.ts'
import { SECRET } from './model.ts'
import { type Answer, postOver } from './post.ts'
import { basic } from './server.ts'
import { makeSigner, signWith } from './tokens.ts'

/** The token request of every client of the fleet. */
export const GRANT = { grant_type: 'client_credentials', scope: 'edit' }

const withSecret = `credentials: [{ secret: ${SECRET} }]`

/** A line of a manifest: another client with the common secret. */
export const clientLine = (id: string, more = ''): string =>
  `  - { client_id: ${id}, scopes: [edit], ${more}${withSecret} }\n`

/** A client of each kind that faults treat differently. */
export interface Fleet {
  /**
   * `caller` has a secret, `robot` a key, `watcher` introspects. The text ends with the clients, so that a test can
   * append more.
   */
  readonly manifest: string
  /** An assertion of `robot`. @param now in seconds @param lifetime in seconds, a minute by default */
  assert(issuer: string, now?: number, lifetime?: number): Promise<string>
}

export async function makeFleet(): Promise<Fleet> {
  const robot = await makeSigner('ES256')
  const jwks = JSON.stringify({ keys: [robot.publicJwk] })
  return {
    manifest: `
apis: [{ audience: "https://api.example.com", token: { lifetime: 36000 }, scopes: [{ name: edit }] }]
clients:
${clientLine('caller')}  - { client_id: robot, scopes: [edit], credentials: [{ jwks: ${jwks} }] }
  - { client_id: watcher, introspects: all, ${withSecret} }
`,
    assert: (issuer, now = Math.floor(Date.now() / 1000), lifetime = 60) =>
      signWith(robot, claimsOf(issuer, 'robot', now, { exp: now + lifetime })),
  }
}

/** The requests of the fleet to one server. */
export class Caller {
  readonly #url: string
  readonly #agent: Agent

  constructor(url: string, agent: Agent) {
    this.#url = url
    this.#agent = agent
  }

  /** Asks for a token for a client with a secret. */
  ask(client = 'caller', secret = SECRET): Promise<Answer> {
    return this.#post('token', GRANT, basic(client, secret))
  }

  /** Asks for a token for `robot`. */
  present(assertion: string): Promise<Answer> {
    return this.#post('token', formOf(assertion, GRANT))
  }

  /** Revokes a token of `caller`. */
  revoke(token: string): Promise<Answer> {
    return this.#post('revoke_token', { token }, basic('caller', SECRET))
  }

  introspect(token: string): Promise<Answer> {
    return this.#post('introspect', { token }, basic('watcher', SECRET))
  }

  /** Gets a new token of `caller`. */
  async token(): Promise<string> {
    return tokenIn(await this.ask())
  }

  /** Whether a token is active. Rejects if the server can't tell. */
  async isActive(token: string): Promise<boolean> {
    const { status, body } = await this.introspect(token)
    if (status !== 200) throw new Error(`introspection says ${status}: ${body}`)
    return JSON.parse(body).active
  }

  #post(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    return postOver(this.#agent, `${this.#url}/as/${path}.oauth2`, form, headers)
  }
}

/** The access token of an answer. */
export function tokenIn({ status, body }: Answer): string {
  if (status !== 200) throw new Error(`no token: ${status} ${body}`)
  return JSON.parse(body).access_token
}
