import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { StorageUnavailable } from '../../src/platform/storage-unavailable.ts'
import { openStore } from '../../src/store/open.ts'
import { formOf } from '../harness/assertions.ts'
import { environmentOf, startTessera } from '../harness/cli.ts'
import { GRANT, makeFleet } from '../harness/fleet.ts'
import { SECRET } from '../harness/model.ts'
import { applyTo, basic, startTestServer, type TestServer, testConfig } from '../harness/server.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: Record<string, unknown>
  readonly status: { readonly code?: number; readonly message?: string }
}

type Value = { readonly stringValue?: string; readonly intValue?: number }
const valuesOf = (attributes: readonly { readonly key: string; readonly value: Value }[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]))

/** A collector for OTLP/HTTP with JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp) that keeps the spans. */
async function startCollector() {
  const bodies: string[] = []
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.url === '/v1/traces') bodies.push(Buffer.concat(chunks).toString())
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sent = () => bodies.flatMap((body) => JSON.parse(body).resourceSpans)
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    text: () => bodies.join('\n'),
    resources: () => sent().map(({ resource }) => valuesOf(resource.attributes)),
    spans: (): readonly Span[] =>
      sent().flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }: { spans: (Span & { attributes: [] })[] }) =>
          spans.map((span) => ({ ...span, attributes: valuesOf(span.attributes) })),
        ),
      ),
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const fleet = await makeFleet()
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const SERVER_KIND = 2
const ERROR_STATUS = 2

let collector: Awaited<ReturnType<typeof startCollector>>
let server: TestServer | undefined
beforeEach(async () => {
  collector = await startCollector()
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  await collector.stop()
})

async function start(options: Record<string, string> = {}, open?: typeof openStore): Promise<TestServer> {
  server = await startTestServer({
    manifest: fleet.manifest,
    options: { 'traces.endpoint': collector.endpoint, 'shutdown.timeout': '0', ...options },
    ...(open && { open }),
  })
  return server
}

/** The spans after the server has stopped, which flushes them. */
async function received(): Promise<readonly Span[]> {
  await server?.stop()
  server = undefined
  return collector.spans()
}

const traceparent = (flags: string) => ({ traceparent: `00-${TRACE}-${PARENT}-${flags}` })

describe('with a collector', () => {
  test('a request continues the trace of its traceparent, with a span for each wait', async () => {
    const { token } = await start()
    const response = await token(GRANT, { ...basic('caller', SECRET), ...traceparent('01') })
    expect(response.status).toBe(200)
    const { access_token } = (await response.json()) as { access_token: string }
    const spans = await received()
    const root = spans.find(({ parentSpanId }) => parentSpanId === PARENT)
    expect(root).toMatchObject({
      traceId: TRACE,
      name: 'POST /as/token.oauth2',
      kind: SERVER_KIND,
      status: { code: 0 },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/as/token.oauth2',
        'http.response.status_code': 200,
        'tessera.request_id': response.headers.get('x-request-id'),
      },
    })
    const children = spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId)
    expect(children.map(({ name }) => name).toSorted()).toEqual(['database directory.loadClient', 'key.sign'])
    for (const child of children) {
      expect(child.traceId).toBe(TRACE)
      expect(BigInt(child.startTimeUnixNano)).toBeLessThanOrEqual(BigInt(child.endTimeUnixNano))
    }
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'tessera', 'service.version': '0.1.0' })
    // Readers of traces may be less trusted.
    for (const hidden of [SECRET, access_token, Buffer.from(`caller:${SECRET}`).toString('base64')])
      expect(collector.text()).not.toContain(hidden)
  })

  test('an assertion has a span for its mark in the database; polling has none', async () => {
    const { issuer, token } = await start()
    expect((await token(formOf(await fleet.assert(issuer), GRANT))).status).toBe(200)
    await sleep(700)
    const names = (await received()).map(({ name }) => name).toSorted()
    expect(names).toEqual([
      'POST /as/token.oauth2',
      'database directory.loadClient',
      'database replay.addMarks',
      'key.sign',
    ])
  })

  test('a refusal has its reason, and is no error', async () => {
    const { token } = await start()
    expect((await token(GRANT, basic('caller', `${SECRET}x`))).status).toBe(401)
    const [span] = (await received()).filter(({ name }) => name.startsWith('POST'))
    expect(span).toMatchObject({
      status: { code: 0 },
      attributes: { 'http.response.status_code': 401, 'tessera.reason': 'wrong_secret' },
    })
  })

  test('a failing database is an error of the call and of the request, without its message', async () => {
    const { token } = await start({}, async (...parameters) => {
      const opened = await openStore(...parameters)
      const loadClient = () => Promise.reject(new StorageUnavailable(new Error('host db.internal is down')))
      return { ...opened, directory: { ...opened.directory, loadClient, loadApis: () => opened.directory.loadApis() } }
    })
    expect((await token(GRANT, basic('caller', SECRET))).status).toBe(503)
    const spans = await received()
    expect(spans).toHaveLength(2)
    for (const { status, attributes } of spans) {
      expect(status).toEqual({ code: ERROR_STATUS, message: 'storage_unavailable' })
      expect(attributes).toMatchObject({ 'error.type': 'storage_unavailable' })
    }
    expect(collector.text()).not.toContain('db.internal')
  })

  const sampled: [string, Record<string, string>, Record<string, string>, number][] = [
    ['all requests without a traceparent, by default', {}, {}, 1],
    ['none whose traceparent says so', {}, traceparent('00'), 0],
    ['none with a ratio of 0', { 'traces.ratio': '0' }, {}, 0],
    ['with a ratio of 0, those whose traceparent says so', { 'traces.ratio': '0' }, traceparent('01'), 1],
    ['an invalid traceparent starts a new trace', {}, { traceparent: `00-${TRACE}-0-01` }, 1],
  ]
  test.each(sampled)('%s', async (_name, options, headers, roots) => {
    const { token } = await start(options)
    expect((await token(GRANT, { ...basic('caller', SECRET), ...headers })).status).toBe(200)
    expect((await received()).filter(({ kind }) => kind === SERVER_KIND)).toHaveLength(roots)
  })
})

test('without the collector, requests go on, a line reports it, and the server stops in time', async () => {
  const { config } = await testConfig({ 'shutdown.timeout': '0' })
  await applyTo(config, fleet.manifest)
  await collector.stop()
  const command = startTessera(['serve'], environmentOf(config, { TESSERA_TRACES_ENDPOINT: collector.endpoint }))
  onTestFinished(async () => void (await command.stop('SIGKILL')))
  await command.printed(/is served on/)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`${config.issuer}/as/token.oauth2`, {
        method: 'POST',
        body: new URLSearchParams(GRANT),
        headers: basic('caller', SECRET),
      }),
    ),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  const start = performance.now()
  expect(await command.stop()).toBe(0)
  expect(performance.now() - start).toBeLessThan(10_000)
  expect(command.output().match(/traces could not be sent/g)).toHaveLength(1)
  collector = await startCollector()
})

test('without a configured collector, no tracing code is loaded', async () => {
  const { config } = await testConfig({ 'shutdown.timeout': '0' })
  await applyTo(config, fleet.manifest)
  const script = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) {
      if (name.startsWith('@opentelemetry')) console.log('LOADED', name)
      return next(name, context)
    } })`
  const told = `data:text/javascript,${encodeURIComponent(script)}`
  const serve = async (changes: Record<string, string>) => {
    const command = startTessera(['serve'], environmentOf(config, { NODE_OPTIONS: `--import=${told}`, ...changes }))
    onTestFinished(async () => void (await command.stop('SIGKILL')))
    await command.printed(/is served on/)
    await command.stop()
    return command.output()
  }
  // A metrics library loads the API package.
  expect(await serve({})).not.toMatch(/LOADED @opentelemetry\/(?!api\b)/)
  expect(await serve({ TESSERA_TRACES_ENDPOINT: collector.endpoint })).toContain('LOADED @opentelemetry/sdk-trace')
})
