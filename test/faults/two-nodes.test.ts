import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { extent, report } from '../harness/extent.ts'
import { makeFleet } from '../harness/fleet.ts'
import { type Nodes, startNodes } from '../harness/nodes.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { violations } from './history.ts'
import { type Link, startLink } from './link.ts'
import { Observer, oneOf } from './observer.ts'

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

/**
 * Causes one fault after another until the test ends: the database falls silent, a connection breaks, a node is killed.
 */
async function disturb(observer: Observer): Promise<number> {
  let disturbances = 0
  const faults = [
    async () => {
      const thaw = await postgres.freeze()
      await sleep(200 + Math.random() * 1_000)
      await thaw()
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
  const observer = new Observer({ issuer: nodes.issuer, urls: nodes.nodes.map(({ url }) => url), fleet })
  const working = [
    ...Array.from({ length: 4 }, () => observer.present(50)),
    ...Array.from({ length: 8 }, () => observer.revoke(BOUND_MS)),
  ]
  const disturbing = disturb(observer)
  await sleep(DURATION_MS)
  observer.isOver = true
  await Promise.all(working)
  observer.end()
  const disturbances = await disturbing

  const { history } = observer
  report('two nodes', {
    disturbances,
    answers: history.length,
    'unknown among them': history.filter(({ outcome }) => outcome === 'unknown').length,
    'assertions accepted': observer.count('assertion', 'accepted'),
    refused: observer.count('assertion', 'refused'),
    revocations: observer.count('revoke', 'done'),
    violations: violations(history, BOUND_MS).length,
  })
  expect(violations(history, BOUND_MS)).toEqual([])
  expect(observer.count('assertion', 'accepted')).toBeGreaterThan(0)
  expect(observer.count('revoke', 'done')).toBeGreaterThan(0)
  expect(disturbances).toBeGreaterThan(2)
}, 240_000)
