import { Agent } from 'node:https'
import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashFast, hashSlowly } from '../../harness/hash-cost.ts'
import { newSecret, oneApi } from '../../harness/model.ts'
import { postOver } from '../../harness/post.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { newJwk } from '../../harness/source.ts'

const GENERATED = newSecret()
/** The number of parallel slow hashes. */
const AT_ONCE = Math.max(1, Math.min(3, availableParallelism() - 1))
let server: TestServer
beforeAll(async () => {
  hashSlowly()
  server = await startTestServer({
    options: { 'runtime.trusted_proxies': '127.0.0.1,::1' },
    manifest: `
${oneApi('edit')}
clients:
  - { client_id: chosen, scopes: [edit], credentials: [{ secret: correct horse }] }
  - { client_id: cold, scopes: [edit], credentials: [{ secret: battery staple }] }
  - { client_id: generated, scopes: [edit], credentials: [{ secret: ${GENERATED} }] }
  - { client_id: signer, scopes: [edit], credentials: [{ jwks: { keys: [${JSON.stringify(newJwk('k'))}] } }] }
`,
  })
})
afterAll(() => {
  hashFast()
  return server.stop()
})

const HOME = '203.0.113.1'
const ask = (id: string, secret: string, from = HOME) =>
  server.token({ grant_type: 'client_credentials' }, { ...basic(id, secret), 'x-forwarded-for': from })

let strangers = 0
/** Like `ask`, from a new address each time: this measures the work, and must not be throttled. */
function askFromAnywhere(id: string, secret: string): Promise<Response> {
  strangers += 1
  return ask(id, secret, `198.51.${strangers >> 8}.${strangers & 255}`)
}

/** CPU seconds of all threads. Other processes disturb them less than elapsed time. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function medianCpu(id: string, secret: () => string): Promise<number> {
  const costs: number[] = []
  for (let i = 0; i < 5; i += 1) costs.push(await cpuOf(() => askFromAnywhere(id, secret())))
  return median(costs)
}

describe('the work for a wrong guess (uniform-refusal)', { timeout: 120_000 }, () => {
  let guesses = 0
  const human = () => {
    guesses += 1
    return `guess ${guesses}`
  }

  test('is one slow hash for a secret of a chosen form, for every client and for unknown ones', async () => {
    const costs = [
      await medianCpu('chosen', human),
      await medianCpu('generated', human),
      await medianCpu('nobody', human),
    ]
    // A slow hash takes some hundred milliseconds, a request a few. A skipped hash would stand out fiftyfold.
    expect(Math.max(...costs) / Math.min(...costs)).toBeLessThan(2.5)
  })

  test('is no slow hash for a secret of the generated form, for any client', async () => {
    const slow = await medianCpu('chosen', human)
    for (const id of ['chosen', 'signer', 'generated', 'nobody']) {
      expect(await medianCpu(id, newSecret)).toBeLessThan(slow / 3)
    }
  })
})

test('a chosen secret costs one slow hash, even in a burst', async () => {
  const slow = await cpuOf(() => ask('chosen', 'not this one'))
  await ask('chosen', 'correct horse')
  const warm = await cpuOf(() => Promise.all(Array.from({ length: 20 }, () => ask('chosen', 'correct horse'))))
  expect(warm).toBeLessThan(slow * 2)

  const burst = await Promise.all(Array.from({ length: 50 }, () => ask('cold', 'battery staple')))
  expect(burst.map(({ status }) => status)).toEqual(burst.map(() => 200))
})

test('guess-flood: guesses beyond the queue’s room get 429, and good clients are served', async () => {
  await ask('chosen', 'correct horse')
  // Fewer connections than requests, since connecting takes seconds, but far more than the queue holds.
  const agent = new Agent({ keepAlive: true, maxSockets: 80 * AT_ONCE })
  const guess = (count: number) => {
    const credentials = basic(count % 2 === 0 ? 'chosen' : `nobody ${count % 40}`, `flood ${count}`)
    const from = { 'x-forwarded-for': `198.51.${100 + (count >> 8)}.${count & 255}` }
    const form = { grant_type: 'client_credentials' }
    return postOver(agent, `${server.issuer}/as/token.oauth2`, form, { ...credentials, ...from })
  }
  const flood = Promise.all(Array.from({ length: 400 }, (_, count) => guess(count)))
  const good = await Promise.all([
    ...Array.from({ length: 20 }, () => ask('chosen', 'correct horse')),
    ...Array.from({ length: 20 }, () => ask('generated', GENERATED)),
  ])
  expect(good.map(({ status }) => status)).toEqual(good.map(() => 200))

  const answers = await flood
  agent.destroy()
  const limited = answers.filter(({ status }) => status === 429)
  expect(limited.length).toBeGreaterThan(100)
  expect(answers.filter(({ status }) => status === 401).length).toBe(400 - limited.length)
  for (const { retryAfter } of limited) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
  expect(limited[0]?.body).toContain('temporarily_unavailable')
}, 120_000)
