import { expect, test } from 'vitest'
import { oneApi, SECRET } from '../../harness/model.ts'
import { blocksOf } from '../../harness/page.ts'
import { sharedPostgres } from '../../harness/postgres.ts'
import { basic, startTestServer } from '../../harness/server.ts'

const MANIFEST = `
${oneApi('edit')}
clients: [{ client_id: job, scopes: [edit], credentials: [{ secret: ${SECRET} }] }]
`

/** The statements of a page, about roles that no other test has. */
const statementsOf = (path: string): string =>
  blocksOf(path)
    .filter(({ language }) => language === 'sql')
    .map(({ text }) => text.replaceAll(/\btessera/g, 'paged'))
    .join('')

test('the second role of docs/operating/rotating.md serves, with the rights that the first one has', async () => {
  const postgres = await sharedPostgres()
  const owner = await postgres.newMigrated()
  await postgres.query(`create role paged login password 'first'`)
  await postgres.query(statementsOf('docs/operating/storage.md'), owner)
  await postgres.query(statementsOf('docs/operating/rotating.md'), owner)
  await postgres.query('alter role paged nologin')
  const url = Object.assign(new URL(owner), { username: 'paged_b', password: '…' })
  const server = await startTestServer({ manifest: MANIFEST, options: { storage: url.href } })
  const response = await server.token({ grant_type: 'client_credentials' }, basic('job', SECRET))
  expect(response.status).toBe(200)
  await server.stop()
})
