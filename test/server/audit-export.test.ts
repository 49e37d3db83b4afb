import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type Server, startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import { administrator, callsAs } from '../harness/admin.ts'
import { SECRET } from '../harness/model.ts'
import { basic, startTestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const GRANT = { grant_type: 'client_credentials' }
const changes = z.object({ things: z.array(z.object({ after: z.looseObject({}).nullable() })) })
const event = z.object({ seq: z.int(), type: z.string(), request_id: z.string(), changes: changes.optional() })
const delivery = z.object({ events: z.array(event) })

/** A webhook that takes deliveries, or refuses them. */
async function startReceiver() {
  const arrived: z.output<typeof event>[] = []
  const state = { takes: true, refused: 0 }
  const tls = { cert: readFileSync(inject('tls').cert), key: readFileSync(inject('tls').key) }
  const server = createServer(tls, async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    if (state.takes) arrived.push(...delivery.parse(JSON.parse(body)).events)
    else state.refused += 1
    response.writeHead(state.takes ? 204 : 503).end()
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { arrived, state, url: `https://localhost:${(server.address() as AddressInfo).port}/events` }
}

test('every event arrives at a webhook, though it refuses for a while and the server restarts meanwhile', async () => {
  const receiver = await startReceiver()
  const { arrived, state } = receiver
  const folder = mkdtempSync(join(tmpdir(), 'tessera-webhook-'))
  const secretFile = join(folder, 'secret')
  writeFileSync(secretFile, 'the key of the signatures of this test', { mode: 0o600 })
  const server = await startTestServer({
    manifest: `
clients:
  - { client_id: job, credentials: [{ secret: ${SECRET} }] }${administrator('root', ['clients:read', 'clients:write'])}
`,
    options: {
      'audit.export': JSON.stringify([{ name: 'siem', kind: 'webhook', url: receiver.url, secret_file: secretFile }]),
      'outbound.allow': '127.0.0.0/8,::1',
      'outbound.ca': inject('tls').cert,
    },
  })
  let second: Server | undefined
  onTestFinished(async () => {
    await second?.stop()
    await server.stop()
    rmSync(folder, { recursive: true })
  })
  const ask = async (secret: string) =>
    (await server.token(GRANT, basic('job', secret))).headers.get('x-request-id') ?? ''
  const root = await callsAs(server, 'root')
  /** A token, a refusal and a change. @returns whether their events have arrived */
  const act = async (name: string): Promise<() => boolean> => {
    const change = await root('PATCH', '/clients/job', { body: { name }, headers: { 'if-match': '*' } })
    expect(change.status).toBe(200)
    const ids = [await ask(SECRET), await ask(`not ${SECRET}`)]
    return () =>
      ids.every((id) => arrived.some(({ request_id }) => request_id === id)) &&
      arrived.some(({ type, changes }) => type === 'client.change' && changes?.things[0]?.after?.['name'] === name)
  }
  const haveArrived = (acts: readonly (() => boolean)[]) => acts.every((hasArrived) => hasArrived())

  const acts = [await act('one')]
  await until(async () => haveArrived(acts))
  state.takes = false
  acts.push(await act('two'))
  await until(async () => state.refused > 0)
  await server.stopServer()
  expect(haveArrived(acts)).toBe(false)

  state.takes = true
  second = await startServer(server.config, { log: createLogger('silent') })
  acts.push(await act('three'))
  await until(async () => haveArrived(acts))

  const store = await openStore(server.config.storage, systemClock)
  onTestFinished(() => store.close())
  await until(async () => {
    const there = new Set(arrived.map(({ seq }) => seq))
    return (await store.audit.listEvents({ limit: 1_000 })).every(({ seq }) => there.has(seq))
  })
})
