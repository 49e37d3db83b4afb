import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { Caller, type Fleet } from '../harness/fleet.ts'
import type { Answer } from '../harness/post.ts'
import type { HistoryEntry } from './history.ts'

interface ObserverOptions {
  readonly issuer: string
  /** The address of each node. */
  readonly urls: readonly string[]
  readonly fleet: Fleet
  /** Seconds that the assertions are valid for. */
  readonly lifetime?: number
}

export const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item

const lost: Answer = { status: 0, requestId: '', body: '', retryAfter: undefined }

/** Sends requests to several nodes until it is over, and records each answer. */
export class Observer {
  readonly history: HistoryEntry[] = []
  isOver = false
  readonly #options: ObserverOptions
  readonly #agent = new Agent({ keepAlive: true })
  readonly #callers: readonly Caller[]
  readonly #nodes: readonly number[]

  constructor(options: ObserverOptions) {
    this.#options = options
    this.#callers = options.urls.map((url) => new Caller(url, this.#agent))
    this.#nodes = options.urls.map((_, node) => node)
  }

  /** The number of answers of a kind with an outcome. */
  count(kind: HistoryEntry['kind'], outcome: string): number {
    return this.history.filter((entry) => entry.kind === kind && entry.outcome === outcome).length
  }

  /** Gets tokens of a known client at one node. */
  async issue(node: number, pause: number): Promise<void> {
    while (!this.isOver) {
      await this.#note(
        node,
        (caller) => caller.ask(),
        ({ status }) => ({ kind: 'issue', outcome: status === 200 ? 'done' : 'unknown' }),
      )
      await sleep(pause)
    }
  }

  /** Presents new assertions to all nodes at once, and later to one of them again. @param pause at the most, in milliseconds */
  async present(pause: number): Promise<void> {
    const { fleet, issuer, lifetime } = this.#options
    while (!this.isOver) {
      const assertion = await fleet.assert(issuer, undefined, lifetime)
      await Promise.all(this.#nodes.map((node) => this.presentAt(node, assertion)))
      await sleep(Math.random() * pause)
      await this.presentAt(oneOf(this.#nodes), assertion)
    }
  }

  presentAt(node: number, assertion: string): Promise<void> {
    return this.#note(
      node,
      (caller) => caller.present(assertion),
      ({ status }) => ({
        kind: 'assertion',
        jti: assertion,
        outcome: status === 200 ? 'accepted' : status === 401 ? 'refused' : 'unknown',
      }),
    )
  }

  /** Introspects tokens, revokes them at one node, and introspects them until every node must know. @param bound in milliseconds */
  async revoke(bound: number): Promise<void> {
    while (!this.isOver) {
      const token = await this.#token(oneOf(this.#nodes))
      if (token === undefined) continue
      await Promise.all(this.#nodes.map((node) => this.introspectAt(node, token)))
      await this.#revokeAt(oneOf(this.#nodes), token)
      const until = performance.now() + 1.5 * bound
      while (performance.now() < until) {
        await this.introspectAt(oneOf(this.#nodes), token)
        await sleep(Math.random() * 100)
      }
      await Promise.all(this.#nodes.map((node) => this.introspectAt(node, token)))
    }
  }

  /** Revokes new tokens at one node, and does nothing else with them. */
  async write(node: number, pause: number): Promise<void> {
    while (!this.isOver) {
      const token = await this.#token(node)
      if (token !== undefined) await this.#revokeAt(node, token)
      await sleep(pause)
    }
  }

  introspectAt(node: number, token: string): Promise<void> {
    return this.#note(
      node,
      (caller) => caller.introspect(token),
      ({ status, body }) => ({
        kind: 'introspect',
        token,
        outcome: status !== 200 ? 'unknown' : JSON.parse(body).active ? 'active' : 'inactive',
      }),
    )
  }

  end(): void {
    this.#agent.destroy()
  }

  #revokeAt(node: number, token: string): Promise<void> {
    return this.#note(
      node,
      (caller) => caller.revoke(token),
      ({ status }) => ({ kind: 'revoke', token, outcome: status === 200 ? 'done' : 'unknown' }),
    )
  }

  async #token(node: number): Promise<string | undefined> {
    const token = await this.#callers[node]?.token().catch(() => undefined)
    if (token === undefined) await sleep(20)
    return token
  }

  async #note(
    node: number,
    send: (caller: Caller) => Promise<Answer>,
    entryOf: (answer: Answer) => object,
  ): Promise<void> {
    const asked = performance.now()
    const caller = this.#callers[node]
    const answer = caller === undefined ? lost : await send(caller).catch(() => lost)
    const { status, requestId } = answer
    const entry = { node, asked, answered: performance.now(), status, requestId, ...entryOf(answer) }
    this.history.push(entry as HistoryEntry)
  }
}
