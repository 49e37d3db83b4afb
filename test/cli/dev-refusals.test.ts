import { expect, test } from 'vitest'
import type { StoredAuditEvent } from '../../src/audit/store.ts'
import { BUDGET, RefusalNarrator } from '../../src/cli/dev-refusals.ts'
import { explainingContext } from '../../src/cli/explain.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { standingClock } from '../harness/clock.ts'
import { newSecret, oneApi } from '../harness/model.ts'
import { basic, startTestServer } from '../harness/server.ts'
import { unheld } from '../harness/unheld.ts'
import { until } from '../harness/until.ts'

const SECRET = newSecret()
const GRANT = { grant_type: 'client_credentials' }

test('each refusal is explained once, and a flood of them is counted', async () => {
  const server = await startTestServer({
    holds: unheld,
    manifest: `${oneApi('edit')}\nclients: [{ client_id: job, scopes: [edit], credentials: [{ secret: ${SECRET} }] }]`,
  })
  const store = await openStore(server.config.storage, systemClock)
  const clock = standingClock()
  const told: string[] = []
  const narrator = new RefusalNarrator({ ...explainingContext({ options: server.config, store }), clock }, (line) =>
    told.push(line),
  )
  const recorded = async (response: Response): Promise<StoredAuditEvent | undefined> =>
    (await server.audit(response.headers.get('x-request-id')))[0]
  try {
    await recorded(await server.token({ ...GRANT, scope: 'before' }, basic('job', SECRET)))
    await narrator.start()
    await recorded(await server.token(GRANT, basic('job', SECRET)))
    await recorded(await server.token({ ...GRANT, scope: 'none' }, basic('job', SECRET)))
    await until(async () => told.length > 0)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(/^\n\d{4}-\S+ {2}token\.issue: refused, scope_not_allowed\n/)
    expect(told[0]).toContain('To mend it:')
    expect(told[0]).not.toContain('before')

    for (let count = 0; count < BUDGET.explanations + 5; count += 1) {
      await recorded(await server.token({ ...GRANT, scope: `flood-${count}` }, basic('job', SECRET)))
    }
    await narrator.tellNew()
    expect(told).toHaveLength(BUDGET.explanations)
    clock.advance(BUDGET.milliseconds)
    await narrator.tellNew()
    expect(told.at(-1)).toBe('\nand 6 more refusals: tessera audit tail shows them')
    await recorded(await server.token({ ...GRANT, scope: 'after' }, basic('job', SECRET)))
    await narrator.tellNew()
    expect(told.at(-1)).toContain('received after')
  } finally {
    await narrator.stop()
    await store.close()
    await server.stop()
  }
})
