import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ADMIN_AUDIENCE } from '../../../src/management/authority/admin-api.ts'
import { administrator } from '../../harness/admin.ts'
import { startTessera } from '../../harness/cli.ts'
import { SECRET } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
clients:
  - { client_id: job, credentials: [{ secret: ${SECRET} }] }${administrator('auditor', ['audit:read'])}
`,
  })
})
afterAll(() => server.stop())

const ask = async (secret: string, resource?: string): Promise<Response> =>
  server.token(
    { grant_type: 'client_credentials', ...(resource !== undefined && { resource }) },
    basic(resource === undefined ? 'job' : 'auditor', secret),
  )

test('tail -f on a server prints events as they happen, and ends at SIGINT', async () => {
  const { access_token: token } = z
    .object({ access_token: z.string() })
    .parse(await (await ask('secret of auditor', ADMIN_AUDIENCE)).json())
  const tail = startTessera(['audit', 'tail', '-f', '-n', '1', '--json', '--server', server.admin], {
    TESSERA_TOKEN: token,
    NODE_EXTRA_CA_CERTS: inject('tls').cert,
  })
  onTestFinished(async () => void (await tail.stop('SIGKILL')))
  // It has its place in the log once it prints the last event.
  await tail.printed(/"seq"/)
  const ids: string[] = []
  for (const secret of [SECRET, 'another secret', SECRET]) {
    const id = (await ask(secret)).headers.get('x-request-id') ?? ''
    await tail.printed(new RegExp(id))
    ids.push(id)
  }
  expect(await tail.stop('SIGINT')).toBeNull()
  expect(tail.child.signalCode).toBe('SIGINT')
  // Each line is a whole event, so that there was no error either.
  const lines = tail.output().trimEnd().split('\n')
  const printed = lines.map((line) => z.object({ request_id: z.string() }).parse(JSON.parse(line)).request_id)
  expect(printed.slice(-ids.length)).toEqual(ids)
})
