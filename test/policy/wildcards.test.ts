import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../src/model/scope-patterns.ts'
import { SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const RABBIT = 'https://rabbit.example.com'
const SECOND = 'https://second.example.com'
const credentials = `credentials: [{ secret: ${SECRET} }]`

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - audience: ${RABBIT}
    scopes:
      - { name: "https://x.read:*/*" }
      - { name: "https://x.write:%2F/*", wildcard: true }
      - { name: "https://x.configure:*/*/*", common: true, on_request: true }
      - { name: "https://x.read:secret/*", wildcard: true }
      - { name: "plain:*" }
  - audience: ${SECOND}
    scopes: [{ name: "https://x.read:prod/*", wildcard: true }, { name: hello, common: true }, { name: "plain:*" }]
clients:
  - { client_id: all, scopes: ["https://x.read:*/*", "https://x.write:%2F/*", "plain:*"], ${credentials} }
  - { client_id: part, scopes: ["https://x.read:vh/*"], ${credentials} }
  - { client_id: one, scopes: ["https://x.read:%2F/queue"], default_scopes: ["https://x.read:%2F/queue"], ${credentials} }
  - { client_id: none, ${credentials} }
`,
  })
})
afterAll(() => server.stop())

async function ask(client: string, scope?: string, ...resources: string[]) {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) })
  for (const resource of resources) form.append('resource', resource)
  const response = await server.token(form.toString(), basic(client, SECRET))
  return (await response.json()) as { scope?: string; error?: string }
}

describe('scopes in RabbitMQ’s notation', () => {
  test.each([
    ['the name itself', 'all', 'https://x.read:*/*'],
    ['a name with one * and an escape', 'all', 'https://x.write:%2F/*'],
    ['one queue', 'all', 'https://x.read:%2F/queue'],
    ['all queues of one virtual host', 'all', 'https://x.read:vh/*'],
    ['part of a name', 'all', 'https://x.read:vh*/orders-*'],
    ['several at once', 'all', 'https://x.read:*/* https://x.write:%2F/q1'],
    ['the granted part', 'part', 'https://x.read:vh/*'],
    ['less than the granted part', 'part', 'https://x.read:vh/orders'],
    ['less than the granted part, with a *', 'part', 'https://x.read:vh/orders-*'],
    ['the granted pattern', 'one', 'https://x.read:%2F/queue'],
    ['a common pattern, requested', 'none', 'https://x.configure:*/*/*'],
    ['a part of a common pattern, requested', 'none', 'https://x.configure:vh/q/key.*'],
  ])('are granted: %s', async (_name, client, scope) => {
    expect(await ask(client, scope, RABBIT)).toMatchObject({ scope })
  })

  test.each([
    ['more than the granted part', 'part', 'https://x.read:*/*'],
    ['a part beside the granted one', 'part', 'https://x.read:vh2/q'],
    ['a name with only a common prefix', 'part', 'https://x.read:vh'],
    ['another pattern than the granted one', 'one', 'https://x.read:%2F/other'],
    ['a pattern around the granted one', 'one', 'https://x.read:%2F/queue*'],
    ['the values of a narrower scope of the API', 'all', 'https://x.read:secret/q'],
    ['the narrower scope itself', 'all', 'https://x.read:secret/*'],
    ['another permission', 'all', 'https://x.write:vh/q'],
    ['a pattern without a grant', 'none', 'https://x.read:*/*'],
    ['the name of a dynamic scope', 'all', 'plain:*'],
    ['a * in the value of a dynamic scope', 'all', 'plain:a*'],
  ])('are refused: %s', async (_name, client, scope) => {
    expect(await ask(client, scope, RABBIT)).toMatchObject({ error: 'invalid_scope' })
  })

  test('are granted without a request, except for those that must be requested', async () => {
    expect(await ask('all', undefined, RABBIT)).toMatchObject({ scope: 'https://x.read:*/* https://x.write:%2F/*' })
    expect(await ask('one', undefined, RABBIT)).toMatchObject({ scope: 'https://x.read:%2F/queue' })
  })

  test('reach no API at which their * would mean more than was granted', async () => {
    expect(await ask('all', 'https://x.read:*/* hello', RABBIT, SECOND)).toMatchObject({ error: 'invalid_target' })
    expect(await ask('all', 'https://x.read:vh/q hello', RABBIT, SECOND)).toMatchObject({
      scope: 'https://x.read:vh/q hello',
    })
  })
})

describe('an error in a manifest is one line', () => {
  test.each([
    ['{ name: "**" }', 'must be more than *'],
    ['{ name: plain, wildcard: true }', 'is for a name with a *'],
    ['{ name: "a:*/*", wildcard: false }', 'must be true for a name with several *'],
    ['{ name: "a:*/*", includes: [b] }, { name: b }', 'a group may have no * in its name'],
  ])('%s', async (scope, message) => {
    await expect(server.apply(`apis: [{ audience: "https://r.example.com", scopes: [${scope}] }]`)).rejects.toThrow(
      message,
    )
  })
})

describe('covers', () => {
  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['*', '', true],
    ['a*', 'a', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['a*bc*c', 'abc', false],
    ['*ab*ab*', 'abab', true],
    ['*ab*ab*', 'aba', false],
    ['a**b', 'ab', true],
    ['a*', 'a*', true],
    ['ab*', 'a*', false],
    ['*/*', '*', false],
    ['*/*', 'x*/y*', true],
    ['*.*', 'a/b', false],
  ])('%s covers %s: %s', (pattern, name, expected) => {
    expect(covers(pattern, name)).toBe(expected)
  })
})
