import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsOf, formOf, post, standingClock } from '../client-auth/assertions.ts'
import { extent, report } from '../harness/extent.ts'
import { SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, signWith } from '../jws/tokens.ts'

const HOUR = 3_600_000
const robot = await makeSigner('ES256')
const credentials = `credentials: [{ secret: ${SECRET} }]`
const MANIFEST = `
apis: [{ audience: "https://api.example.com", token: { lifetime: 36000 }, scopes: [{ name: edit }] }]
clients:
  - { client_id: caller, scopes: [edit], ${credentials} }
  - { client_id: robot, scopes: [edit], credentials: [{ jwks: ${JSON.stringify({ keys: [robot.publicJwk] })} }] }
  - { client_id: watcher, introspects: all, ${credentials} }
`
const GRANT = { grant_type: 'client_credentials', scope: 'edit' }

const clock = standingClock()
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST, clock })
})
afterAll(() => server.stop())

async function issue(): Promise<string> {
  const response = await server.token(GRANT, basic('caller', SECRET))
  expect(response.status).toBe(200)
  const { access_token, expires_in } = (await response.json()) as { access_token: string; expires_in: number }
  expect(expires_in).toBe(36_000)
  return access_token
}

async function isActive(token: string): Promise<boolean> {
  const response = await post(`${server.issuer}/as/introspect.oauth2`, { token }, basic('watcher', SECRET))
  expect(response.status).toBe(200)
  return ((await response.json()) as { active: boolean }).active
}

async function published(): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${server.issuer}/pf/JWKS`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

// Up and down, never further than an hour from the truth.
const STEPS = [HOUR, -HOUR, -HOUR, HOUR]

test('the clock steps by an hour and back: tokens stay valid, what is used or revoked stays so, keys stay published', async () => {
  const present = (assertion: string) => server.token(formOf(assertion, GRANT))
  const assertion = () => signWith(robot, claimsOf(server.issuer, 'robot', clock.seconds()))
  const used: string[] = []
  const revoked: string[] = []
  const valid: string[] = []
  const rounds = extent(2, 50)
  for (let round = 0; round < rounds; round += 1) {
    for (const step of STEPS) {
      const [fresh, spared, ended] = [await assertion(), await issue(), await issue()]
      expect((await present(fresh)).status).toBe(200)
      expect(
        (await post(`${server.issuer}/as/revoke_token.oauth2`, { token: ended }, basic('caller', SECRET))).status,
      ).toBe(200)
      used.push(fresh)
      valid.push(spared)
      revoked.push(ended)

      clock.step(step)
      // What is done again and again is done meanwhile.
      clock.advance(1_500)
      await new Promise((resolve) => setTimeout(resolve, 600))
      expect(await published()).toContain(decodeProtectedHeader(await issue()).kid)
      for (const token of valid.slice(-8)) expect(await isActive(token)).toBe(true)
      for (const token of revoked.slice(-8)) expect(await isActive(token)).toBe(false)
      for (const one of used.slice(-8)) expect((await present(one)).status).toBe(401)
      expect((await fetch(`${server.admin}/readyz`)).status).toBe(200)
    }
  }
  report('clock steps of an hour', { steps: rounds * STEPS.length, 'used assertions refused': used.length })
}, 120_000)
