import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, formOf } from '../harness/assertions.ts'
import { standingClock } from '../harness/clock.ts'
import { newSecret, oneApi } from '../harness/model.ts'
import { type Answer, postOver } from '../harness/post.ts'
import { UNAUTHENTICATED, withoutRequestId } from '../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeCertificate, type Source, sendJson, startSource, startTcp } from '../harness/source.ts'
import { makeSigner, type Signer, signWith, unsigned } from '../harness/tokens.ts'
import { until } from '../harness/until.ts'

const WAIT = 700
const API = oneApi('read')

/** Holds refusals until a test releases them. */
function manualHolds() {
  let held: { readonly time: number; readonly release: () => void }[] = []
  return {
    begin: (time: number) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const hold = { time, release: resolve }
      held.push(hold)
      return {
        over: promise,
        patience: promise,
        release: () => {
          held = held.filter((other) => other !== hold)
        },
      }
    },
    /** Milliseconds that each refusal was to be held. */
    times: () => held.map(({ time }) => time),
    release: () => {
      for (const { release } of held) release()
      held = []
    },
  }
}

const clock = standingClock()
const holds = manualHolds()
const agent = new Agent({ keepAlive: true, maxSockets: 100 })
/** Presents a certificate that anybody can make. */
const withCertificate = new Agent({ ...(await makeCertificate()), keepAlive: true, maxSockets: 100 })
const own = await makeSigner('ES256', { kid: 'own' })
const nameless = await makeSigner('ES256')
const rsa = await makeSigner('RS256', { kid: 'rsa' })
const stranger = await makeSigner('ES256', { kid: 'stranger' })
const many = await Promise.all(Array.from({ length: 10 }, () => makeSigner('ES256')))
const jwks = (...signers: readonly Signer[]) => `jwks: ${JSON.stringify({ keys: signers.map((one) => one.publicJwk) })}`

let folder: string
let live: Source
let dead: Source
let server: TestServer
const options = () => ({
  'outbound.allow': '127.0.0.1',
  'outbound.ca': join(folder, 'ca.pem'),
  'outbound.wait': String(WAIT),
})
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-timing-'))
  const certificate = await makeCertificate()
  writeFileSync(join(folder, 'ca.pem'), certificate.cert)
  live = await startSource(certificate, ({ url = '' }, response) => {
    if (url === '/down') response.writeHead(500).end()
    else sendJson(response, { keys: [own.publicJwk] })
  })
  // Accepts connections and never answers.
  dead = await startTcp(() => {})
  const trust = (source: Source) =>
    `federated: { issuer: "${source.url('')}", audience: a, subject: s, jwks_uri: "${source.url('/jwks')}" }`
  server = await startTestServer({
    clock,
    holds,
    options: options(),
    manifest: `
${API}
clients:
  - { client_id: generated, scopes: [read], credentials: [{ secret: ${newSecret()} }] }
  - { client_id: retrievable, scopes: [read], credentials: [{ secret: ${newSecret()}, retrievable: true }] }
  - { client_id: one-key, scopes: [read], credentials: [{ ${jwks(nameless)} }] }
  - { client_id: many-keys, scopes: [read], credentials: [{ ${jwks(...many)} }] }
  - { client_id: rsa-key, scopes: [read], credentials: [{ ${jwks(rsa)} }] }
  - { client_id: disabled, enabled: false, scopes: [read], credentials: [{ ${jwks(nameless)} }] }
  - { client_id: certificate, scopes: [read], credentials: [{ certificate: { san_dns: a.example.com } }] }
  - { client_id: keys-live, scopes: [read], credentials: [{ jwks_uri: "${live.url('/live')}" }] }
  - { client_id: keys-down, scopes: [read], credentials: [{ jwks_uri: "${live.url('/down')}" }] }
  - { client_id: keys-dead, scopes: [read], credentials: [{ jwks_uri: "${dead.url('/dead')}" }] }
  - { client_id: federated-live, scopes: [read], credentials: [{ ${trust(live)} }] }
  - { client_id: federated-dead, scopes: [read], credentials: [{ ${trust(dead)} }] }
`,
  })
})
afterAll(async () => {
  holds.release()
  agent.destroy()
  withCertificate.destroy()
  await server.stop()
  await live.stop()
  await dead.stop()
  rmSync(folder, { recursive: true })
})

/** Every kind of client, and an unknown one. */
const clients = [
  'nobody',
  'generated',
  'retrievable',
  'one-key',
  'many-keys',
  'rsa-key',
  'disabled',
  'certificate',
  'keys-live',
  'keys-down',
  'keys-dead',
  'federated-live',
  'federated-dead',
]

const send = (form: Readonly<Record<string, string>>, headers = {}, path = 'token', over = agent): Promise<Answer> =>
  postOver(
    over,
    `${server.issuer}/as/${path}.oauth2`,
    { grant_type: 'client_credentials', token: 'x', ...form },
    headers,
  )

const claims = (id: string) => claimsOf(server.issuer, id, clock.seconds())
const foreign = (iss: string) =>
  signWith(stranger, { iss, sub: 's', aud: 'a', exp: clock.seconds() + 60 }, { kid: 'stranger' })

function mac(id: string): string {
  const input = unsigned({ alg: 'HS256' }, claims(id), '').slice(0, -1)
  return `${input}.${createHmac('sha256', randomUUID()).update(input).digest('base64url')}`
}

/** A stranger's attempts in the name of a client, and the delay of each refusal. */
const tries: [string, number, (id: string) => Promise<Answer>][] = [
  [
    'a forged assertion with an unknown kid',
    WAIT,
    async (id) => send(formOf(await signWith(stranger, claims(id), { kid: 'stranger' }))),
  ],
  ['a forged assertion without a kid', WAIT, async (id) => send(formOf(await signWith(stranger, claims(id))))],
  [
    'an assertion that has expired',
    WAIT,
    async (id) => send(formOf(await signWith(stranger, { ...claims(id), exp: 1 }))),
  ],
  [
    'a forged assertion at introspection',
    WAIT,
    async (id) => send(formOf(await signWith(stranger, claims(id))), {}, 'introspect'),
  ],
  [
    'a token of an issuer with reachable keys',
    WAIT,
    async (id) => send({ ...formOf(await foreign(live.url(''))), client_id: id }),
  ],
  [
    'a token of an issuer whose keys never arrive',
    WAIT,
    async (id) => send({ ...formOf(await foreign(dead.url(''))), client_id: id }),
  ],
  [
    'a token of an untrusted issuer',
    WAIT,
    async (id) => send({ ...formOf(await foreign('https://nobody.example')), client_id: id }),
  ],
  ['a certificate', 25, async (id) => send({ client_id: id }, {}, 'token', withCertificate)],
  ['a MAC', 25, async (id) => send(formOf(mac(id)))],
  ['a secret of the generated form in Basic', 25, async (id) => send({}, basic(id, newSecret()))],
  ['a secret of the generated form in the body', 25, async (id) => send({ client_id: id, client_secret: newSecret() })],
]

describe('for any client that a stranger names, the refusal leaves exactly when it is due', () => {
  test.each(tries)('%s', async (_name, time, attempt) => {
    const answers: Answer[] = []
    const all = clients.map(async (id) => answers.push(await attempt(id)))
    await until(async () => {
      await sleep(10)
      return holds.times().length === clients.length
    })
    expect(holds.times()).toEqual(clients.map(() => time))
    // Most are done by now. Those that wait for keys never will be.
    await sleep(200)
    expect(answers).toEqual([])
    holds.release()
    await Promise.all(all)
    expect(
      new Set(answers.map(({ status, body, requestId }) => `${status} ${withoutRequestId(body, requestId)}`)),
    ).toEqual(new Set([`401 ${UNAUTHENTICATED}`]))
  })
})

test('a fetch that takes longer isn’t waited for', async () => {
  await server.apply(`clients: [{ client_id: late, credentials: [{ jwks_uri: "${dead.url('/late')}" }] }]`)
  const answer = send(formOf(await signWith(stranger, claims('late'))))
  await eventually(() => holds.times().length === 1)
  await eventually(() => dead.connections() > 0)
  holds.release()
  expect(await server.audit((await answer).requestId)).toMatchObject([
    {
      reason: 'keys_unavailable',
      detail: { fault: 'timeout', message: expect.stringMatching(/^the document did not arrive before/) },
    },
  ])
})

test('successes aren’t delayed', async () => {
  const answer = await send(formOf(await signWith(nameless, claims('one-key'))))
  expect(answer.status).toBe(200)
  const elsewhere = await send(formOf(await signWith(own, claims('keys-live'), { kid: 'own' })))
  expect(elsewhere.status).toBe(200)
  expect(holds.times()).toEqual([])
})

test('forged-host: a client whose keys never arrive is refused as late as an unknown one', async () => {
  const real = await startTestServer({
    clock,
    options: options(),
    manifest: `${API}\nclients: [{ client_id: dead, credentials: [{ jwks_uri: "${dead.url('/other')}" }] }]`,
  })
  const times: number[] = []
  try {
    for (const id of ['nobody', 'dead', 'no-one', 'dead']) {
      const assertion = await signWith(stranger, claimsOf(real.issuer, id, clock.seconds()))
      const start = performance.now()
      const { status } = await real.token(formOf(assertion))
      times.push(performance.now() - start)
      expect(status).toBe(401)
    }
  } finally {
    await real.stop()
  }
  expect(Math.min(...times)).toBeGreaterThanOrEqual(WAIT - 2)
  expect(Math.max(...times) / Math.min(...times)).toBeLessThan(3)
})

describe('keys at a URL', () => {
  test('are fetched when the server starts, and when a client changes', async () => {
    const path = (source: Source, name: string) => () => source.paths.includes(name)
    for (const name of ['/live', '/jwks']) await eventually(path(live, name))
    await server.apply(`clients: [{ client_id: later, credentials: [{ jwks_uri: "${live.url('/later')}" }] }]`)
    await eventually(path(live, '/later'))
  })

  test('delay refusals only if there are any', async () => {
    const manifest = `${API}\nclients: [{ client_id: one-key, credentials: [{ ${jwks(nameless)} }] }]`
    const others = manualHolds()
    const without = await startTestServer({ clock, options: options(), holds: others, manifest })
    const refuse = async () => {
      const answer = without.token(
        formOf(await signWith(stranger, claimsOf(without.issuer, 'one-key', clock.seconds()))),
      )
      await eventually(() => others.times().length === 1)
      const [time] = others.times()
      others.release()
      expect((await answer).status).toBe(401)
      return time
    }
    try {
      // The server may assume some until it has read all clients.
      while ((await refuse()) !== 25);
      await without.apply(`clients: [{ client_id: later, credentials: [{ jwks_uri: "${live.url('/x')}" }] }]`)
      while ((await refuse()) !== WAIT);
    } finally {
      await without.stop()
    }
  })
})

async function eventually(check: () => boolean): Promise<void> {
  await until(async () => {
    await sleep(10)
    return check()
  })
}
