import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask as askAt, isActive, issue, post } from '../harness/client.ts'
import { SECRET } from '../harness/model.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { type SecondServer, startBeside } from '../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { A_SECOND, until } from '../harness/until.ts'

const credentials = `credentials: [{ secret: ${SECRET} }]`
const MODEL = `
apis:
  - { audience: "https://api.example.com", scopes: [{ name: edit }] }
clients:
  - { client_id: known, scopes: [edit], ${credentials} }
  - { client_id: unasked, scopes: [edit], ${credentials} }
  - { client_id: watcher, introspects: all, ${credentials} }
`

let postgres: TestPostgres
let server: TestServer
let beside: SecondServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())
beforeEach(async () => {
  server = await startTestServer({ manifest: MODEL, options: { storage: await postgres.newSchema() } })
  beside = await startBeside(server)
})
afterEach(async () => {
  await beside.stop()
  await server.stop()
})

const ask = (at: string, client: string) => askAt(at, 'edit', client)
const tokenFrom = (at: string, client: string) => issue(at, 'edit', client)
const readiness = async () => (await fetch(`${server.admin}/readyz`)).status

describe('two servers on one PostgreSQL', () => {
  test('share one key, and each sees the other’s writes within a second', async () => {
    const [keys, others] = await Promise.all([server.issuer, beside.url].map((at) => fetch(`${at}/pf/JWKS`)))
    expect(await keys?.text()).toBe(await others?.text())

    const token = await tokenFrom(server.issuer, 'known')
    expect(await isActive(beside.url, token)).toBe(true)
    expect((await post(server.issuer, 'revoke_token', { token }, basic('known', SECRET))).status).toBe(200)
    expect(await until(async () => !(await isActive(beside.url, token)))).toBeLessThan(A_SECOND)

    await server.apply(MODEL.replace('client_id: known,', 'client_id: known, enabled: false,'))
    expect(await until(async () => (await ask(beside.url, 'known')).status === 401)).toBeLessThan(A_SECOND)
    const response = await ask(beside.url, 'known')
    const [event] = await server.audit(response.headers.get('x-request-id'))
    expect(event).toMatchObject({ type: 'token.issue', result: 'refused', clientId: 'known' })
  })
})

describe('while PostgreSQL is away', () => {
  const ways: [string, () => Promise<() => Promise<void>>][] = [
    ['shut down', () => postgres.down()],
    ['silent', () => postgres.freeze()],
  ]
  test.each(ways)(
    '%s: clients in memory are served, others are refused in time, and all are served once it is back',
    async (_name, leave) => {
      const token = await tokenFrom(server.issuer, 'known')
      expect(await isActive(server.issuer, token)).toBe(true)
      expect(await readiness()).toBe(200)

      const comeBack = await leave()
      try {
        expect((await ask(server.issuer, 'known')).status).toBe(200)
        const start = performance.now()
        const refused = await ask(server.issuer, 'unasked')
        expect(performance.now() - start).toBeLessThan(A_SECOND)
        expect(refused.status).toBe(503)
        expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
        expect((await post(server.issuer, 'revoke_token', { token }, basic('known', SECRET))).status).toBe(503)
        expect(await until(async () => (await readiness()) === 503)).toBeLessThan(A_SECOND)
        // It doesn't call a token active after possibly missed changes.
        const judged = await until(
          async () => (await post(server.issuer, 'introspect', { token }, basic('watcher', SECRET))).status === 503,
        )
        expect(judged).toBeLessThan(3 * A_SECOND)
      } finally {
        await comeBack()
      }
      const back = await until(async () => (await ask(server.issuer, 'unasked')).status === 200)
      expect(back).toBeLessThan(A_SECOND)
      expect(await isActive(server.issuer, token)).toBe(true)
      await until(async () => (await readiness()) === 200)
    },
  )
})
