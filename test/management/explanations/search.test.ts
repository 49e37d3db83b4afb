import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../../src/store/open.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { newSecret, oneApi, SECRET } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

/** The secrets that are looked for in one explanation: docs/reference/limits.md. */
const MOST_SOUGHT = 5

let server: TestServer
let call: CallAdmin
/** The looks at every credential. */
let looks = 0
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
${oneApi('edit')}
clients:
  - { client_id: many, scopes: [edit] }
  - { client_id: same, scopes: [edit] }
  - { client_id: other, scopes: [edit], credentials: [{ label: its own, secret: ${SECRET} }] }
${administrator('reader', ['clients:read', 'explanations:read'])}
`,
    open: async (...given) => {
      const store = await openStore(...given)
      const find = store.credentials.findSecret.bind(store.credentials)
      store.credentials.findSecret = (start) => {
        looks += 1
        return find(start)
      }
      return store
    },
  })
  call = await callsAs(server, 'reader')
})
afterAll(() => server.stop())
beforeEach(() => {
  looks = 0
})

const refuse = async (id: string, secret: string) =>
  expect((await server.token({ grant_type: 'client_credentials', scope: 'edit' }, basic(id, secret))).status).toBe(401)

test('costly-explanations: the owners of few secrets are looked for in one answer, those of the last requests', async () => {
  for (let at = 0; at < 3 * MOST_SOUGHT; at += 1) await refuse('many', newSecret())
  await refuse('many', SECRET)
  await server.audit()
  const { status, body } = await call('GET', '/explanations?client=many&last=100')
  expect(status).toBe(200)
  expect(body.items.length).toBeGreaterThan(MOST_SOUGHT)
  expect(JSON.stringify(body.items.at(-1))).toContain('The secret belongs to the client other (\\"its own\\", valid).')
  expect(looks).toBe(MOST_SOUGHT)
})

test('a secret that came again and again is looked for once', async () => {
  for (let at = 0; at < 10; at += 1) await refuse('same', SECRET)
  await server.audit()
  const { body } = await call('GET', '/explanations?client=same&last=100')
  expect(JSON.stringify(body).match(/The secret belongs to the client other/g)?.length).toBeGreaterThan(5)
  expect(looks).toBe(1)
})
