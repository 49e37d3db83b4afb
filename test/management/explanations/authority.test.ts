import { afterAll, beforeAll, expect, test } from 'vitest'
import { managementContext } from '../../../src/cli/database.ts'
import { refusalOf } from '../../../src/endpoints/refusal-table.ts'
import type { Authority } from '../../../src/management/authority/authority.ts'
import { explainClient, explainRequest } from '../../../src/management/explanations/explain.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/tables/sql-store.ts'
import { newSecret } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { unheld } from '../../harness/unheld.ts'

const GRANT = { grant_type: 'client_credentials' }
const [OURS, THEIRS] = [newSecret(), newSecret()]
const member: Authority = { everywhere: new Set(), within: new Map([['team-a', new Set(['view'])]]) }
const nobody: Authority = { everywhere: new Set(), within: new Map() }

let server: TestServer
let store: Store
beforeAll(async () => {
  server = await startTestServer({
    holds: unheld,
    manifest: `
apis: [{ audience: https://hidden.example.com, scopes: [{ name: open }] }]
clients:
  - { client_id: ours, owner: team-a, credentials: [{ secret: ${OURS} }] }
  - { client_id: theirs, owner: team-b, credentials: [{ label: hidden, secret: ${THEIRS} }] }
`,
  })
  store = await openStore(server.config.storage, systemClock)
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

const as = (authority: Authority) => ({
  ...managementContext({ options: server.config, store }),
  authority,
  refusalOf,
})
async function refused(form: Record<string, string>, id: string, secret: string): Promise<string> {
  const requestId = (await server.token({ ...GRANT, ...form }, basic(id, secret))).headers.get('x-request-id') ?? ''
  expect(await server.audit(requestId)).toHaveLength(1)
  return requestId
}

test('a member sees the requests of the clients of the group, and no name beyond it', async () => {
  const sent = await refused({}, 'ours', THEIRS)
  const asked = await refused({ scope: 'open' }, 'ours', OURS)
  for (const id of [sent, asked]) {
    const explanations = await explainRequest(as(member), { kind: 'request', id })
    expect(explanations).toHaveLength(1)
    const said = JSON.stringify(explanations[0]?.refusal)
    expect(said).not.toContain('theirs')
    expect(said).not.toContain('hidden')
  }
  const [full] = await explainRequest(managementOf(), { kind: 'request', id: sent })
  expect(full?.refusal?.notes).toEqual(['The secret belongs to the client theirs ("hidden", valid).'])
})

test('nobody else sees them, and others of the member stay hidden', async () => {
  const id = await refused({}, 'theirs', OURS)
  const unknown = await refused({}, 'thers', OURS)
  expect(await explainRequest(as(member), { kind: 'request', id })).toEqual([])
  expect(await explainRequest(as(member), { kind: 'request', id: unknown })).toEqual([])
  await expect(explainClient(as(member), { client: 'theirs', last: 1 })).rejects.toThrow('there is no client "theirs"')
  await expect(explainRequest(as(nobody), { kind: 'request', id })).rejects.toThrow('explanations:read')
  await expect(explainClient(as(nobody), { client: 'ours', last: 1 })).rejects.toThrow('explanations:read')
})

const managementOf = () => ({ ...managementContext({ options: server.config, store }), refusalOf })
