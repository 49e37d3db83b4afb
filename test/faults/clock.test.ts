import { Agent } from 'node:https'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { standingClock } from '../harness/clock.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, makeFleet } from '../harness/fleet.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'

const HOUR = 3_600_000
const fleet = await makeFleet()
const agent = new Agent({ keepAlive: true })
const clock = standingClock()
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: fleet.manifest, clock })
})
afterAll(async () => {
  agent.destroy()
  await server.stop()
})

async function published(): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${server.issuer}/pf/JWKS`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

// The clock is never more than an hour wrong.
const STEPS = [HOUR, -HOUR, -HOUR, HOUR]

test('when the clock steps by an hour and back, tokens stay valid, used and revoked ones stay so, and keys stay published', async () => {
  const caller = new Caller(server.issuer, agent)
  const used: string[] = []
  const revoked: string[] = []
  const valid: string[] = []
  const rounds = extent(2, 50)
  for (let round = 0; round < rounds; round += 1) {
    for (const step of STEPS) {
      const [fresh, spared, ended] = [
        await fleet.assert(server.issuer, clock.seconds()),
        await caller.token(),
        await caller.token(),
      ]
      expect((await caller.present(fresh)).status).toBe(200)
      expect((await caller.revoke(ended)).status).toBe(200)
      used.push(fresh)
      valid.push(spared)
      revoked.push(ended)

      clock.step(step)
      // Lets periodic work run in between.
      clock.advance(1_500)
      await new Promise((resolve) => setTimeout(resolve, 600))
      expect(await published()).toContain(decodeProtectedHeader(await caller.token()).kid)
      for (const token of valid.slice(-8)) expect(await caller.isActive(token)).toBe(true)
      for (const token of revoked.slice(-8)) expect(await caller.isActive(token)).toBe(false)
      for (const one of used.slice(-8)) expect((await caller.present(one)).status).toBe(401)
      expect((await fetch(`${server.admin}/readyz`)).status).toBe(200)
    }
  }
  report('clock steps of an hour', { steps: rounds * STEPS.length, 'used assertions refused': used.length })
}, 300_000)
