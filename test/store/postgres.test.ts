import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { ClientId, DEFAULT_TENANT, Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { ACCESS } from '../harness/access.ts'
import { MODEL } from '../harness/model.ts'
import { sharedPostgres } from '../harness/postgres.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { administratorsContract } from './administrators.ts'
import { storeContract } from './contract.ts'
import { deletionContract } from './deletion.ts'
import { groupsContract } from './groups.ts'
import { nodesContract } from './nodes.ts'
import { oddTimesContract } from './odd-times.ts'
import { onPostgres } from './on-postgres.ts'
import { ownershipContract } from './ownership.ts'

storeContract('PostgreSQL', onPostgres)
administratorsContract('PostgreSQL', onPostgres)
oddTimesContract('PostgreSQL', onPostgres)
groupsContract('PostgreSQL', onPostgres)
nodesContract('PostgreSQL', onPostgres)
deletionContract('PostgreSQL', onPostgres)
ownershipContract('PostgreSQL', onPostgres)

describe('concurrent nodes', () => {
  let url: string
  let nodes: [Store, Store]
  beforeEach(async () => {
    url = await (await sharedPostgres()).newMigrated()
    nodes = [await openStore(url, systemClock, ACCESS), await openStore(url, systemClock, ACCESS)]
  })
  afterEach(async () => {
    for (const node of nodes) await node.close()
  })

  const COUNT = 60
  const indexes = Array.from({ length: COUNT }, (_, index) => index)
  const nodeOf = (index: number): Store => nodes[index % 2 === 0 ? 0 : 1]

  /** Reads news in a loop until `work` is done, and then once more. */
  async function follow(work: Promise<unknown>, read: () => Promise<void>): Promise<void> {
    let isDone = false
    const reading = async () => {
      while (!isDone) await read()
    }
    const working = work.finally(() => {
      isDone = true
    })
    await Promise.all([working, reading()])
    await read()
  }

  /** Makes the nodes connect anew, to a database with another default isolation of its transactions. */
  async function isolate(level: string): Promise<void> {
    const { query } = await sharedPostgres()
    await query(`alter database ${url.split('/').at(-1)} set default_transaction_isolation = '${level}'`)
    for (const node of nodes) await node.close()
    nodes = [await openStore(url, systemClock, ACCESS), await openStore(url, systemClock, ACCESS)]
  }
  const ISOLATIONS = ['read committed', 'repeatable read', 'serializable']

  test.each(ISOLATIONS)(
    'one of them is the first to mark a use, in a database whose transactions are %s',
    async (isolation) => {
      await isolate(isolation)
      for (let round = 0; round < 10; round += 1) {
        const marks = [1, 2, 3].map((part) => ({
          id: Buffer.alloc(16, 10 * round + part),
          expiresAt: Number.MAX_SAFE_INTEGER,
        }))
        const added = await Promise.all([0, 1, 2, 3].map((index) => nodeOf(index).replay.addMarks(marks)))
        expect(added.flat().toSorted(Buffer.compare)).toEqual(marks.map(({ id }) => id))
      }
    },
  )

  test.each(ISOLATIONS)(
    'a concurrent reader misses no revocation, in a database whose transactions are %s',
    async (isolation) => {
      await isolate(isolation)
      const revoke = indexes.map((index) =>
        nodeOf(index).revocations.addRevocations(
          Array.from({ length: (index % 3) + 1 }, (_, part) => ({
            kind: 'token',
            id: Jti(`${index}.${part}`),
            expiresAt: Number.MAX_SAFE_INTEGER,
          })),
        ),
      )
      const seen: string[] = []
      let latest = 0
      await follow(Promise.all(revoke), async () => {
        const page = await nodes[0].revocations.revocationsAfter(latest, 1_000)
        seen.push(...page.found.map(({ id }) => id))
        latest = page.latest
      })
      expect(seen).toHaveLength(COUNT * 2)
      expect(new Set(seen).size).toBe(COUNT * 2)
      expect(latest).toBe(COUNT * 2)
    },
  )

  test('a concurrent reader misses no change, and no change is reported as missed', async () => {
    const { config, folder } = await testConfig({ storage: url })
    await applyTo(config, MODEL)
    rmSync(folder, { recursive: true })
    const event: AuditEvent = {
      ...{ clientId: undefined, remoteAddress: undefined, traceId: undefined, reason: undefined },
      ...{ tenant: DEFAULT_TENANT, at: 1, type: 'credential.change', result: 'success', requestId: 'r', detail: {} },
    }
    const since = await nodes[0].changes.latestChange()
    const ids = ['reporter', 'auditor', 'brief'].map(ClientId)
    const update = indexes.map((index) =>
      nodeOf(index).model.updateCredentials(ids[index % 3] ?? ClientId(''), () => ({
        writes: { put: [], remove: [] },
        event,
      })),
    )
    const seen: string[] = []
    let latest = since
    await follow(Promise.all(update), async () => {
      const read = await nodes[1].changes.changesSince(latest)
      expect(read.missed).toBe(false)
      seen.push(...read.changes.map(({ id }) => id))
      latest = read.latest
    })
    expect(seen).toHaveLength(COUNT)
    expect(latest).toBe(since + COUNT)
  })
})
