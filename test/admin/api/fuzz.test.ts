import { Agent } from 'node:https'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { adminCalls, administrator } from '../../harness/admin.ts'
import { type Described, type Document, type Received, readDocument, type Sent, send } from '../../harness/described.ts'
import { extent, report } from '../../harness/extent.ts'
import { fitting, type Known, nearby, smallest } from '../../harness/schema-values.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

/** The same requests in every run. Another seed finds others. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 13)

/** Names of things that exist, and of things that requests create. The caller is not among them. */
const known: Known = {
  client_id: ['job', 'other', 'made-1', 'made-2'],
  audience: ['https://api.example.com', 'https://made.example.com'],
  api: ['https://api.example.com', 'https://made.example.com'],
  default_api: ['https://api.example.com'],
  introspects: ['https://api.example.com'],
  scope: ['read', 'made'],
  scopes: ['read', 'write'],
  default_scopes: ['read'],
  credential: ['first', 'made', '~current'],
  label: ['first', 'made', 'other'],
  owner: ['payments', 'made'],
  group: ['payments', 'made'],
  name: ['anna', 'made', 'read'],
  client: ['job', 'made-1'],
  id: ['job', 'made-1', 'https://api.example.com'],
  secret: ['a-secret-that-is-long-enough'],
  expires: ['2040-01-01T00:00:00Z'],
  tenant: ['default'],
  manifest: [
    'clients: [{ client_id: made-1, scopes: [read] }]',
    'apis: [{ audience: "https://made.example.com" }]',
    'clients: [{ client_id: ',
  ],
}

let server: TestServer
let authorization: string
let documented: Document
const agent = new Agent({ keepAlive: true })
const pages = new Map<string, number>()
const statuses = new Map<number, number>()

beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: https://api.example.com, owner: payments, scopes: [{ name: read }, { name: write }] }
clients:
  - { client_id: job, owner: payments, scopes: [read], credentials: [{ label: first }] }
  - { client_id: other, scopes: [read] }${administrator('root', permissionNames)}
`,
  })
  const answer = await server.token(
    { grant_type: 'client_credentials', resource: 'urn:tessera:admin' },
    basic('root', 'secret of root'),
  )
  const { access_token: token } = z.object({ access_token: z.string() }).parse(await answer.json())
  authorization = `Bearer ${token}`
  documented = await readDocument(adminCalls(server, { authorization }))
})
afterAll(async () => {
  agent.destroy()
  await server.stop()
  report('The fuzz test of the admin API', Object.fromEntries([...statuses].sort()))
})

/** Sends a request, and requires an answer that the document and RFC 9457 allow. @param others statuses that come before any operation */
async function answered(sent: Sent, operation?: Described, others: readonly number[] = []): Promise<Received> {
  const received = await send(server.admin, agent, { ...sent, headers: { authorization, ...sent.headers } })
  const { status, headers, text } = received
  const shown = `${operation?.id} ${JSON.stringify(sent).slice(0, 1_500)} -> ${status} ${text.slice(0, 500)}`
  statuses.set(status, (statuses.get(status) ?? 0) + 1)
  expect(status, shown).toBeLessThan(500)
  if (operation !== undefined && !others.includes(status))
    expect([...operation.answers.keys()], shown).toContain(status)
  const answer = operation?.answers.get(status)
  if (status === 204 || status === 304) expect(text, shown).toBe('')
  else if (status < 400) {
    expect(headers['content-type'], shown).toBe('application/json')
    expect(answer?.problems(JSON.parse(text)) ?? '', shown).toBe('')
  } else {
    expect(headers['content-type'], shown).toBe('application/problem+json')
    const problem = JSON.parse(text)
    expect(problem, shown).toMatchObject({ title: expect.any(String), status, request_id: headers['x-request-id'] })
    expect(answer?.problems(problem) ?? '', shown).toBe('')
    expect(await pageStatus(problem.type), shown).toBe(200)
  }
  return received
}

async function pageStatus(type: string): Promise<number> {
  const status = pages.get(type) ?? (await fetch(new URL(type, server.admin))).status
  pages.set(type, status)
  return status
}

const setting = () => ({ schemas: documented.schemas, known })

interface Parts {
  readonly path: Readonly<Record<string, unknown>>
  readonly query: unknown
  readonly body: unknown
}

const encode = (value: unknown): string => encodeURIComponent(String(value).toWellFormed()).replaceAll('.', '%2E')

const pathOf = ({ path }: Described, values: Parts['path']): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encode(values[name]))

function queryOf(query: unknown): string {
  const pairs = Object.entries(Object(query)).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${encode(name)}=${encode(one)}`),
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function sentOf(operation: Described, { path, query, body }: Parts, headers: Sent['headers'] = {}): Sent {
  return {
    method: operation.method,
    target: pathOf(operation, path) + queryOf(query),
    headers: {
      ...(operation.isConditional && { 'if-match': '*' }),
      ...(operation.body && { 'content-type': operation.body.type }),
      ...headers,
    },
    body: operation.body && JSON.stringify(body),
  }
}

const partsOf = (operation: Described): fc.Arbitrary<Parts> =>
  fc.record({
    path: fitting(setting(), {
      type: 'object',
      properties: operation.inPath,
      required: Object.keys(operation.inPath),
    }).map(Object),
    query: fitting(setting(), operation.query),
    body: operation.body === undefined ? fc.constant(undefined) : fitting(setting(), operation.body.schema),
  })

/** A small request that fits the document. */
const plain = (operation: Described): Parts => ({
  path: Object.fromEntries(
    Object.entries(operation.inPath).map(([name, one]) => [name, smallest(setting(), one, name)]),
  ),
  query: smallest(setting(), operation.query),
  body: operation.body && smallest(setting(), operation.body.schema),
})

const check = <Case>(cases: fc.Arbitrary<Case>, numRuns: number, property: (given: Case) => Promise<unknown>) =>
  fc.assert(
    fc.asyncProperty(cases, async (given) => void (await property(given))),
    // The server remembers, so a smaller case may behave differently.
    { seed: SEED, numRuns, endOnFailure: true },
  )

test('requests from the schemas, in any order', async () => {
  const { operations } = documented
  const calls = fc
    .constantFrom(...operations)
    .chain((operation) => partsOf(operation).map((parts) => ({ operation, parts })))
  await check(calls, extent(300, 60_000), ({ operation, parts }) => answered(sentOf(operation, parts), operation))
})

/**
 * Picks the cases of a run: one of `step`, so that all are tried by turns of the seed, and all in the long form. The
 * cases of two operations begin at different turns if `step` divides no number of cases of an operation.
 */
function picker(step: number): () => boolean {
  const every = extent(step, 1)
  let turn = SEED
  return () => {
    turn += 1
    return turn % every === 0
  }
}

test('a body that the document does not accept is refused', async () => {
  const isPicked = picker(9)
  for (const operation of documented.operations) {
    const { body } = operation
    if (body === undefined) continue
    for (const value of nearby(setting(), body.schema)) {
      if (!isPicked()) continue
      const { status } = await answered(sentOf(operation, { ...plain(operation), body: value }), operation)
      if (documented.problemsOf(body.schema, value) !== '')
        expect(status, operation.id + JSON.stringify(value).slice(0, 300)).toBeGreaterThanOrEqual(400)
    }
  }
})

test('a query that the document does not accept is refused: at and over its bounds, unknown, or twice', async () => {
  const isPicked = picker(3)
  for (const operation of documented.operations) {
    const { properties = {} } = operation.query
    const { path, body } = plain(operation)
    const refused = async (query: string) => {
      const sent = sentOf(operation, { path, query: {}, body })
      const { status } = await answered({ ...sent, target: `${sent.target}?${query}` }, operation)
      expect(status, `${operation.id} ${query.slice(0, 200)}`).toBeGreaterThanOrEqual(400)
    }
    await refused('nmae=x')
    await refused('__proto__=x')
    for (const [name, one] of Object.entries(properties)) {
      if (one.type !== 'array') await refused(`${name}=1&${name}=1`)
      for (const value of nearby(setting(), one, name)) {
        // A longer request is refused before anybody knows the operation.
        if (typeof value !== 'string' || encode(value).length > 8_000) continue
        if (!isPicked()) continue
        const sent = sentOf(operation, { path, query: { [name]: value }, body })
        const { status } = await answered(sent, operation)
        const given = one.type === 'array' ? [value.toWellFormed()] : value.toWellFormed()
        if (documented.problemsOf(one, given) !== '') expect(status, sent.target).toBeGreaterThanOrEqual(400)
      }
    }
  }
})

const HOSTILE_SEGMENTS = [
  ...[
    '..',
    '.',
    '%2e%2e',
    '%2e',
    '%00',
    'a%00b',
    ';',
    'a;b=c',
    '',
    '%',
    '%zz',
    '%c3%28',
    '%ed%a0%80',
    '%2F',
    '%252e',
    '*',
    '%0d%0a',
  ],
  ...['x'.repeat(9_000), '%41'.repeat(1_025), '\\..\\', '{client_id}', '__proto__', 'constructor'],
]

test('a hostile path leads to a problem, or to nothing that exists', async () => {
  const isPicked = picker(5)
  for (const operation of documented.operations) {
    const { path, ...rest } = plain(operation)
    for (const name of Object.keys(operation.inPath)) {
      for (const segment of HOSTILE_SEGMENTS) {
        if (!isPicked()) continue
        const target = operation.path.replace(/\{(\w+)\}/g, (_, one: string) =>
          one === name ? segment : encode(path[one]),
        )
        await answered({ ...sentOf(operation, { path, ...rest }), target }, undefined)
      }
    }
    const sent = sentOf(operation, { path, ...rest })
    for (const target of [
      `/${sent.target}`,
      `${sent.target}/`,
      `${sent.target}%`,
      sent.target.replace('/api', '/api/../api'),
      sent.target.toUpperCase(),
    ]) {
      const { status } = await answered({ ...sent, target })
      expect(status, target).toBeGreaterThanOrEqual(400)
    }
  }
})

/** Headers, and whether a request that has them can still succeed. */
const HEADERS: readonly (readonly [Sent['headers'], boolean])[] = [
  ...['"', 'x', 'W/"x"', '"a', `"${'x'.repeat(6_000)}"`, Array(30).fill('"a"').join(','), '"\u00e4"', ''].map(
    (tag) => [{ 'if-match': tag }, true] as const,
  ),
  ...['"', '*', 'W/"x"', Array(30).fill('"a"').join(',')].map((tag) => [{ 'if-none-match': tag }, true] as const),
  ...['', ' ', 'a b', 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(6_000), '\u00e4'].map(
    (key) => [{ 'idempotency-key': key }, true] as const,
  ),
  ...['', 'x'.repeat(512), 'x'.repeat(513), 'a\tb', '\u00e4', 'x'.repeat(6_000)].map(
    (reason) => [{ 'tessera-reason': reason }, true] as const,
  ),
  ...[
    '',
    'Bearer',
    'Bearer ',
    'Bearer x',
    'Basic cm9vdDp4',
    'DPoP x',
    `Bearer ${'x'.repeat(6_000)}`,
    'Bearer a.b.c',
    'Bearer x y',
  ].map((authorization) => [{ authorization }, false] as const),
  [{ authorization: '', cookie: '__Host-tessera=x' }, false],
  [{ 'x-http-method-override': 'DELETE', 'x-forwarded-for': '\u00e4'.repeat(300), forwarded: 'for="' }, true],
]

const TYPES = [
  '',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/jsonp',
  'x'.repeat(5_000),
]

const BODIES = [
  '{',
  '{"a":1,}',
  '"',
  'null',
  '[]',
  '1e999',
  '['.repeat(5_000),
  '{"a":1,"a":2}',
  '{"__proto__":{"a":1}}',
  Buffer.from([0x22, 0xff, 0x22]),
  `"${'x'.repeat(1_048_577)}"`,
]

test('wrong headers, content types and bytes are refused', async () => {
  const isPicked = picker(5)
  for (const operation of documented.operations) {
    const sent = sentOf(operation, plain(operation))
    for (const [headers, mayPass] of HEADERS) {
      if (!isPicked()) continue
      const { status } = await answered({ ...sent, headers: { ...sent.headers, ...headers } }, operation, [412])
      if (!mayPass && !operation.isPublic) expect(status, operation.id + JSON.stringify(headers)).toBe(401)
    }
    if (operation.method === 'GET') continue
    for (const type of TYPES) {
      if (!isPicked()) continue
      const body = sent.body ?? '{}'
      const { status } = await answered(
        { ...sent, body, headers: { ...sent.headers, 'content-type': type } },
        operation,
      )
      expect(status, operation.id + type).toBe(415)
    }
    for (const body of BODIES) {
      if (!isPicked()) continue
      const headers = { ...sent.headers, 'content-type': 'application/json' }
      const { status } = await answered({ ...sent, headers, body }, operation)
      // A patch without any setting changes nothing, and parsers leave `__proto__` out.
      if (operation.method === 'PATCH' && String(body).includes('__proto__')) continue
      expect(status, operation.id + String(body).slice(0, 50)).toBeGreaterThanOrEqual(400)
    }
  }
})

test('a change before the creation, and a second deletion, find nothing', async () => {
  const path = {
    client_id: 'nobody',
    audience: 'https://nobody.example.com',
    scope: 'x',
    credential: 'x',
    name: 'nobody',
    group: 'nobody',
    kid: 'x',
    plan: 'x',
    id: 'x',
  }
  for (const operation of documented.operations.filter(
    ({ inPath, method }) => method !== 'GET' && Object.keys(inPath).length > 0,
  )) {
    const { status } = await answered(sentOf(operation, { ...plain(operation), path }), operation)
    expect([401, 404, 412, 422], operation.id).toContain(status)
  }
  const headers = { 'content-type': 'application/json' }
  for (const thing of ['clients/twice', 'groups/twice', 'apis/https%3A%2F%2Ftwice.example.com']) {
    const target = `/api/v1/${thing}`
    expect((await answered({ method: 'PUT', target, headers, body: '{}' })).status).toBe(201)
    const remove = { method: 'DELETE', target, headers: { 'if-match': '*' } }
    expect([200, 204]).toContain((await answered(remove)).status)
    expect([404, 412]).toContain((await answered(remove)).status)
  }
})
