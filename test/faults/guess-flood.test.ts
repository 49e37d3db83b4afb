import { rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { environmentOf, startTessera } from '../harness/cli.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, makeFleet } from '../harness/fleet.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { quantile, startTraffic } from '../harness/traffic.ts'

const CHOSEN = extent(6, 12)
/** Noise from other work on the machine. One slow hash in the way of requests would take 150 ms. */
const NOISE_MS = extent(10, 0)
const SPAN_MS = extent(1.5, 20) * 1000

test('a flood of guesses at chosen secrets doesn’t slow other clients down', async () => {
  const fleet = await makeFleet()
  const { config, folder } = await testConfig()
  const chosen = Array.from(
    { length: CHOSEN },
    (_, n) => `  - { client_id: chosen-${n}, scopes: [edit], credentials: [{ secret: "correct horse ${n}" }] }\n`,
  )
  await applyTo(config, fleet.manifest + chosen.join(''))
  const command = startTessera(['serve'], environmentOf(config))
  onTestFinished(async () => void (await command.stop('SIGKILL')))
  await command.printed(/is served on/)
  const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })]
  const [good, bad] = agents.map((agent) => new Caller(config.issuer, agent)) as [Caller, Caller]

  const measure = async () => {
    const traffic = startTraffic(async () => String((await good.ask()).status), { concurrency: 4, pause: 5 })
    await sleep(SPAN_MS)
    await traffic.stop()
    expect(Object.keys(traffic.outcomes())).toEqual(['200'])
    const times = traffic.samples.map(({ elapsed }) => elapsed)
    return { count: times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
  }
  await measure()
  const calm = await measure()
  const flood = startTraffic(async (n) => String((await bad.ask(`chosen-${n % CHOSEN}`, `wrong ${n}`)).status), {
    concurrency: 32,
  })
  await sleep(500)
  const flooded = await measure()
  await flood.stop()
  for (const agent of agents) agent.destroy()
  report('a flood of guesses', {
    guesses: flood.samples.length,
    ...flood.outcomes(),
    'good requests': flooded.count,
    'p99 calm (ms)': calm.p99.toFixed(1),
    'p99 under the flood': flooded.p99.toFixed(1),
    'p50 calm': calm.p50.toFixed(1),
    'p50 under the flood': flooded.p50.toFixed(1),
  })
  expect(flood.outcomes()).not.toHaveProperty('200')
  expect(flooded.p99).toBeLessThanOrEqual(5 * Math.max(calm.p99, NOISE_MS))
  expect(await command.stop()).toBe(0)
  rmSync(folder, { recursive: true })
}, 180_000)
