import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { extent, report } from '../harness/extent.ts'
import { Caller, makeFleet } from '../harness/fleet.ts'
import { type Nodes, startNodes } from '../harness/nodes.ts'
import type { Answer } from '../harness/post.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { type HistoryEntry, violations } from './history.ts'
import { type Link, startLink } from './link.ts'

/** Milliseconds within which every node honours an acknowledged revocation. */
const BOUND_MS = 1_000
const DURATION_MS = extent(6, 120) * 1000

const fleet = await makeFleet()
let postgres: TestPostgres
let link: Link
let nodes: Nodes
beforeAll(async () => {
  postgres = await startPostgres()
  link = await startLink(postgres.port)
  const storage = link.through(await postgres.newSchema())
  nodes = await startNodes({ count: 2, storage, manifest: fleet.manifest })
})
afterAll(async () => {
  await nodes.stop()
  await link.stop()
  await postgres.stop()
})

const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item

/** Sends every request to both nodes, and records each answer. */
class Observer {
  readonly history: HistoryEntry[] = []
  readonly #agent = new Agent({ keepAlive: true })
  readonly #callers = nodes.nodes.map(({ url }) => new Caller(url, this.#agent))
  isOver = false

  readonly #both = this.#callers.map((_, node) => node)

  /** Presents an assertion to both nodes at once, and later to one of them again. */
  async present(): Promise<void> {
    while (!this.isOver) {
      const jti = await fleet.assert(nodes.issuer)
      const at = (node: number) =>
        this.#note(
          node,
          (caller) => caller.present(jti),
          (status) => ({
            kind: 'assertion',
            jti,
            outcome: status === 200 ? 'accepted' : status === 401 ? 'refused' : 'unknown',
          }),
        )
      await Promise.all(this.#both.map(at))
      await sleep(Math.random() * 50)
      await at(oneOf(this.#both))
    }
  }

  /** Introspects a token, revokes it at one node, and introspects it until every node must know. */
  async revoke(): Promise<void> {
    while (!this.isOver) {
      const token = await oneOf(this.#callers)
        .token()
        .catch(() => undefined)
      if (token === undefined) {
        await sleep(20)
        continue
      }
      const look = (node: number) =>
        this.#note(
          node,
          (caller) => caller.introspect(token),
          (status, body) => ({
            kind: 'introspect',
            token,
            outcome: status !== 200 ? 'unknown' : JSON.parse(body).active ? 'active' : 'inactive',
          }),
        )
      await Promise.all(this.#both.map(look))
      await this.#note(
        oneOf(this.#both),
        (caller) => caller.revoke(token),
        (status) => ({
          kind: 'revoke',
          token,
          outcome: status === 200 ? 'done' : 'unknown',
        }),
      )
      const until = performance.now() + 1.5 * BOUND_MS
      while (performance.now() < until) {
        await look(oneOf(this.#both))
        await sleep(Math.random() * 100)
      }
      await Promise.all(this.#both.map(look))
    }
  }

  end(): void {
    this.#agent.destroy()
  }

  async #note(
    node: number,
    send: (caller: Caller) => Promise<Answer>,
    entryOf: (status: number, body: string) => object,
  ): Promise<void> {
    const asked = performance.now()
    const caller = this.#callers[node]
    const { status, body } = caller === undefined ? lost : await send(caller).catch(() => lost)
    this.history.push({ node, asked, answered: performance.now(), ...entryOf(status, body) } as HistoryEntry)
  }
}

const lost = { status: 0, body: '' }

/**
 * Causes one fault after another until the test ends: the database falls silent, a connection breaks, a node is killed.
 */
async function disturb(observer: Observer): Promise<number> {
  let disturbances = 0
  const faults = [
    async () => {
      const thaw = await postgres.freeze()
      await sleep(200 + Math.random() * 1_000)
      thaw()
    },
    async () => {
      link.breaker.fail(1 + Math.floor(Math.random() * 20), oneOf(['before', 'after'] as const), 3)
      await sleep(300)
      link.breaker.heal()
    },
    () => oneOf(nodes.nodes).restart('SIGKILL'),
  ]
  while (!observer.isOver) {
    await faults[disturbances++ % faults.length]?.()
    await sleep(Math.random() * 500)
  }
  return disturbances
}

test('two nodes answer as one would: an assertion succeeds once, and revoked tokens stay so, whatever fails', async () => {
  const observer = new Observer()
  const working = [
    ...Array.from({ length: 4 }, () => observer.present()),
    ...Array.from({ length: 8 }, () => observer.revoke()),
  ]
  const disturbing = disturb(observer)
  await sleep(DURATION_MS)
  observer.isOver = true
  await Promise.all(working)
  observer.end()
  const disturbances = await disturbing

  const { history } = observer
  const count = (kind: HistoryEntry['kind'], outcome: string) =>
    history.filter((entry) => entry.kind === kind && entry.outcome === outcome).length
  report('two nodes', {
    disturbances,
    answers: history.length,
    'unknown among them': history.filter(({ outcome }) => outcome === 'unknown').length,
    'assertions accepted': count('assertion', 'accepted'),
    refused: count('assertion', 'refused'),
    revocations: count('revoke', 'done'),
    violations: violations(history, BOUND_MS).length,
  })
  expect(violations(history, BOUND_MS)).toEqual([])
  expect(count('assertion', 'accepted')).toBeGreaterThan(0)
  expect(count('revoke', 'done')).toBeGreaterThan(0)
  expect(disturbances).toBeGreaterThan(2)
}, 240_000)
