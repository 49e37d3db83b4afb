import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Node } from '../../src/nodes/store.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { clockAt } from '../harness/clock.ts'

/** A node that was seen at the time 2. */
export const NODE: Node = {
  id: 'one',
  host: 'auth-1',
  version: '1.0.0',
  startedAt: 1,
  lastSeenAt: 2,
  workers: 4,
  configDigest: '5f1d7a84db00d2fc',
  changeLag: 1_500,
  keysSeen: ['k'],
  problems: ['the database does not accept writes'],
  requests: { perMinute: 60, latency: { p50: 0.5, p95: 1, p99: 2.25 } },
}

/** The store of nodes. @param create as for `storeContract`; `run` changes rows by hand */
export function nodesContract(
  name: string,
  create: () => Promise<{
    open(clock: Clock): Promise<Store>
    run(sql: string): Promise<unknown>
    destroy(): Promise<void>
  }>,
) {
  describe(`nodes on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let store: Store
    beforeEach(async () => {
      database = await create()
      store = await database.open(clockAt(0))
    })
    afterEach(async () => {
      await store.close()
      await database.destroy()
    })

    const put = (...seen: readonly number[]) =>
      Promise.all(seen.map((lastSeenAt) => store.nodes.putNode({ ...NODE, id: `at ${lastSeenAt}`, lastSeenAt })))
    const seen = async (most = 10) => (await store.nodes.listNodes(most)).map(({ lastSeenAt }) => lastSeenAt)

    test('are kept with every field, replaced, and removed', async () => {
      await store.nodes.putNode(NODE)
      expect(await store.nodes.listNodes(10)).toEqual([NODE])
      const later: Node = { ...NODE, lastSeenAt: 3, problems: [], requests: { perMinute: 0, latency: undefined } }
      await store.nodes.putNode(later)
      await store.nodes.putNode({ ...NODE, id: 'other' })
      expect(await store.nodes.listNodes(10)).toEqual([later, { ...NODE, id: 'other' }])
      await store.nodes.removeNode('one')
      expect(await store.nodes.listNodes(10)).toEqual([{ ...NODE, id: 'other' }])
    })

    test('are listed by the time at which they were seen, the last ones first, and no more than asked for', async () => {
      await put(5, 7, 6)
      expect(await seen(2)).toEqual([7, 6])
    })

    test('seen before a time are removed, and so are those beyond the number to keep', async () => {
      await put(1, 2, 3, 4, 5)
      await store.nodes.removeOldNodes(2, 5)
      expect(await seen()).toEqual([5, 4, 3, 2])
      await store.nodes.removeOldNodes(0, 3)
      expect(await seen()).toEqual([5, 4, 3])
      await store.nodes.removeOldNodes(0, 3)
      expect(await seen()).toEqual([5, 4, 3])
    })

    test('a row that cannot be read, or shown by the admin API, is left out and stops no other', async () => {
      await put(1, 2, 3, 4)
      const changes = [
        `'"workers":4', '"workers":"many"'`,
        `'"changeLag":1500', '"changeLag":1e300'`,
        `'"perMinute":60', '"perMinute":0.5'`,
      ]
      for (const [at, change] of changes.entries())
        await database.run(`update node set state = replace(state, ${change}) where last_seen_at = ${at + 2}`)
      expect(await seen()).toEqual([1])
    })
  })
}
