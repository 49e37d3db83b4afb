import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpointPaths } from '../../../src/oauth/endpoints.ts'
import { standingClock } from '../../harness/clock.ts'
import { newSecret, oneApi } from '../../harness/model.ts'
import { UNAUTHENTICATED, UNAUTHENTICATED_LENGTH, withoutRequestId } from '../../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const GENERATED = newSecret()
const RIGHT = 'correct horse'
const clients = ['target', 'neighbour']

/** The clock stands still between guesses, because a wait would end during the slow hashes. */
const clock = standingClock()

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    clock,
    options: { 'runtime.trusted_proxies': '127.0.0.1,::1' },
    manifest: `
${oneApi('edit')}
clients:
${clients.map((id) => `  - { client_id: ${id}, scopes: [edit], credentials: [{ secret: ${RIGHT} }] }`).join('\n')}
  - { client_id: machine, scopes: [edit], credentials: [{ secret: ${GENERATED} }] }
  - { client_id: mixed, scopes: [edit], credentials: [{ label: a, secret: ${RIGHT} }, { label: b, secret: ${GENERATED} }] }
`,
  })
})
afterAll(() => server.stop())

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly requestId: string
}

interface Attempt {
  readonly id: string
  readonly secret: string
  /** The client address that the proxy reports. */
  readonly from: string
  readonly path?: string
  /** Whether the secret is in the body. */
  readonly isInBody?: boolean
}

/** Makes one attempt over a new connection. */
function attempt({ id, secret, from, path = endpointPaths.token[0], isInBody = false }: Attempt): Promise<Answer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', token: 'x' })
  if (isInBody) {
    form.set('client_id', id)
    form.set('client_secret', secret)
  }
  return new Promise((resolve, reject) => {
    const sent = request(
      server.issuer + path,
      {
        method: 'POST',
        agent: false,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-forwarded-for': from,
          ...(!isInBody && basic(id, secret)),
        },
      },
      async (response) => {
        const body = Buffer.concat(await response.toArray()).toString()
        const { 'x-request-id': requestId, date: _date, ...headers } = response.headers as Record<string, string>
        resolve({ status: response.statusCode ?? 0, headers, body, requestId: requestId ?? '' })
      },
    )
    sent.on('error', reject)
    sent.end(form.toString())
  })
}

let guesses = 0
/** A new wrong secret. */
const guess = () => {
  guesses += 1
  return `guess${guesses}`
}

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status)
const wire = ({ requestId, ...answer }: Answer) => ({
  ...answer,
  body: answer.status < 400 ? answer.body : withoutRequestId(answer.body, requestId),
})

const common = {
  'content-type': 'application/json;charset=UTF-8',
  'cache-control': 'no-store',
  pragma: 'no-cache',
  connection: 'close',
}
const WRONG = () => ({
  status: 401,
  body: UNAUTHENTICATED,
  headers: {
    ...common,
    'content-length': UNAUTHENTICATED_LENGTH,
    'www-authenticate': `Basic realm="${server.issuer}", charset="UTF-8"`,
  },
})
const WAIT = (seconds: number) => ({
  status: 429,
  body: '{"error":"temporarily_unavailable","error_description":"Too many requests; try again later"}',
  headers: { ...common, 'content-length': '139', 'retry-after': String(seconds) },
})

describe('parallel-guesses: six wrong secrets', () => {
  const cases: [string, string, string, string][] = [
    ['of a client', 'target', '198.51.100.1', 'wrong_secret'],
    ['of an unknown client, with equal answers', 'nobody', '198.51.100.2', 'unknown_client'],
  ]
  test.each(cases)(
    '%s: five are refused, each also when a library repeats it, and the sixth must wait',
    async (_name, id, from, reason) => {
      const five: Answer[] = []
      for (let count = 0; count < 5; count += 1) {
        const secret = guess()
        // Go's x/oauth2 sends Basic, and then at once the body.
        for (const isInBody of [false, true]) five.push(await attempt({ id, from, secret, isInBody }))
      }
      expect(five.map(wire)).toEqual(Array(10).fill(WRONG()))
      const sixth = await attempt({ id, from, secret: guess() })
      expect(wire(sixth)).toEqual(WAIT(1))
      // A different answer would tell the guesser that the secret is right.
      const right = await attempt({ id, from, secret: RIGHT })
      expect(wire(right)).toEqual(WAIT(1))

      const [first] = await server.audit(five[0]?.requestId)
      expect(first).toMatchObject({ type: 'token.issue', result: 'refused', reason, clientId: id, remoteAddress: from })
      for (const { requestId } of [sixth, right]) {
        const [event] = await server.audit(requestId)
        expect(event).toMatchObject({ reason: 'too_many_guesses', clientId: id, remoteAddress: from })
        expect(event?.detail).toMatchObject({
          method: 'client_secret_basic',
          by: 'client_at_address',
          failures: 5,
          retry_after: 1,
        })
      }

      clock.advance(999)
      expect(wire(await attempt({ id, from, secret: RIGHT }))).toEqual(WAIT(1))
      clock.advance(1)
      expect(wire(await attempt({ id, from, secret: guess() }))).toEqual(WRONG())
      expect(wire(await attempt({ id, from, secret: guess() }))).toEqual(WAIT(2))
      clock.advance(2_000)
      const after = await attempt({ id, from, secret: RIGHT })
      expect(after.status).toBe(id === 'nobody' ? 401 : 200)
    },
  )
})

test('the right secret waits too, at the very address at which it just succeeded', async () => {
  const at = { id: 'neighbour', from: '198.51.100.3' }
  for (const _ of [1, 2, 3]) expect((await attempt({ ...at, secret: RIGHT })).status).toBe(200)
  for (let count = 0; count < 5; count += 1) expect(wire(await attempt({ ...at, secret: guess() }))).toEqual(WRONG())
  for (const secret of [RIGHT, guess()]) expect(wire(await attempt({ ...at, secret }))).toEqual(WAIT(1))
})

describe('while a client is under attack', () => {
  const from = '198.51.100.4'
  const home = '203.0.113.1'

  test('guess-flood, parallel-guesses: all endpoints count guesses together, over twenty parallel connections', async () => {
    expect((await attempt({ id: 'mixed', from: home, secret: RIGHT })).status).toBe(200)
    const paths = [endpointPaths.token[0], endpointPaths.introspection[0], endpointPaths.revocation[0]]
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const path = paths[index % 3] ?? endpointPaths.token[0]
        return attempt({ id: 'mixed', from, secret: guess(), path, isInBody: index % 2 === 0 })
      }),
    )
    expect(statuses(answers).toSorted()).toEqual([...Array(5).fill(401), ...Array(15).fill(429)])
    for (const answer of answers) expect(wire(answer)).toEqual(answer.status === 401 ? WRONG() : WAIT(1))
    for (const path of paths) {
      const answer = await attempt({ id: 'mixed', from, secret: RIGHT, path })
      expect(wire(answer)).toEqual(WAIT(1))
      expect(await server.audit(answer.requestId)).toMatchObject([{ reason: 'too_many_guesses', clientId: 'mixed' }])
    }
  })

  const unharmed: [string, Omit<Attempt, 'path'>][] = [
    ['at the address of its success', { id: 'mixed', from: home, secret: RIGHT }],
    ['at a new address', { id: 'mixed', from: '203.0.113.2', secret: RIGHT }],
    ['at the guesser’s address, if it is a generated one', { id: 'mixed', from, secret: GENERATED }],
    ['of another client, chosen, behind the same address', { id: 'neighbour', from, secret: RIGHT }],
    ['of another client, generated, behind the same address', { id: 'machine', from, secret: GENERATED }],
  ]
  test.each(unharmed)('the right secret is answered at once: %s', async (_name, given) => {
    for (const isInBody of [false, true]) expect((await attempt({ ...given, isInBody })).status).toBe(200)
    expect((await attempt({ id: 'mixed', from, secret: RIGHT })).status).toBe(429)
  })

  test('a forged X-Forwarded-For doesn’t change a stranger’s address', async () => {
    const forged = await attempt({ id: 'mixed', from: `${home}, ${from}`, secret: guess() })
    expect(wire(forged)).toEqual(WAIT(1))
    expect(await server.audit(forged.requestId)).toMatchObject([{ remoteAddress: from }])
  })
})

test('a wrong secret of the generated form is no guess, since nobody can guess one, so that nobody waits', async () => {
  const wrong = await Promise.all(
    Array.from({ length: 20 }, () => attempt({ id: 'machine', from: '198.51.100.5', secret: newSecret() })),
  )
  expect(wrong.map(wire)).toEqual(Array(20).fill(WRONG()))
})

test('a wrong secret is right once the client gets it', async () => {
  const at = { id: 'machine', from: '198.51.100.6', secret: 'not yet' }
  for (const _ of [1, 2]) expect(wire(await attempt(at))).toEqual(WRONG())
  const both = `[{ secret: ${GENERATED} }, { label: new, secret: ${at.secret} }]`
  await server.apply(`clients: [{ client_id: machine, scopes: [edit], credentials: ${both} }]`)
  const applied = performance.now()
  let { status } = await attempt(at)
  for (; status !== 200; { status } = await attempt(at)) {
    expect(performance.now() - applied).toBeLessThan(8_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})
