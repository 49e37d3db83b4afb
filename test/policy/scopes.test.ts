import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const credentials = `credentials: [{ secret: ${SECRET} }]`

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - audience: https://bank.example.com
    scopes:
      - { name: profile, common: true, description: What the bank knows of the caller }
      - { name: balance }
      - { name: audit, on_request: true }
      - { name: "transfer:*" }
      - { name: "report:*:pdf", common: true }
      - { name: everything, includes: [balance, audit] }
  - audience: https://open.example.com
    scopes: [{ name: hello, common: true }, { name: rare, common: true, on_request: true }]
clients:
  - { client_id: plain, ${credentials} }
  - { client_id: teller, scopes: [balance], ${credentials} }
  - { client_id: auditor, scopes: [balance, audit], ${credentials} }
  - { client_id: mover, scopes: ["transfer:*"], ${credentials} }
  - { client_id: one-transfer, scopes: ["transfer:42"], ${credentials} }
  - { client_id: manager, scopes: [everything], ${credentials} }
  - { client_id: restricted, scopes: [balance], restrict_scopes: true, ${credentials} }
  - { client_id: fully-restricted, restrict_scopes: true, ${credentials} }
  - { client_id: defaulting, scopes: [balance, "transfer:*"], default_scopes: ["transfer:7"], ${credentials} }
`,
  })
})
afterAll(() => server.stop())

const BANK = 'https://bank.example.com'
const OPEN = 'https://open.example.com'

async function ask(client: string, scope?: string, resource?: string) {
  const form = { grant_type: 'client_credentials', ...(scope && { scope }), ...(resource && { resource }) }
  const response = await server.token(form, basic(client, SECRET))
  return (await response.json()) as { scope?: string; error?: string }
}

describe('granted scopes', () => {
  const cases: [string, string, string | undefined, string | undefined, string][] = [
    ['a common scope, for a client without grants', 'plain', 'profile', undefined, 'profile'],
    ['a common scope, for a client with other grants', 'teller', 'balance profile', undefined, 'balance profile'],
    ['no request: the grants and the common scopes', 'teller', undefined, undefined, 'profile balance'],
    ['no request: the common scopes, at an API with nothing else', 'plain', undefined, OPEN, 'hello'],
    ['no request: no scope that is granted only on request', 'auditor', undefined, undefined, 'profile balance'],
    ['a scope that is granted only on request, requested', 'auditor', 'audit', undefined, 'audit'],
    ['a value of a dynamic scope, kept as requested', 'mover', 'transfer:42', undefined, 'transfer:42'],
    ['several values of a dynamic scope', 'mover', 'transfer:1 transfer:2', undefined, 'transfer:1 transfer:2'],
    ['a value that contains the separator', 'mover', 'transfer:a:b', undefined, 'transfer:a:b'],
    ['the single granted value', 'one-transfer', 'transfer:42', undefined, 'transfer:42'],
    ['a dynamic scope with the star inside, common', 'plain', 'report:2026:pdf', undefined, 'report:2026:pdf'],
    ['a group, expanded', 'manager', 'everything', undefined, 'balance audit'],
    ['a member of a granted group', 'manager', 'audit', undefined, 'audit'],
    ['a group, for a client with all its members', 'auditor', 'everything', undefined, 'balance audit'],
    ['a group and a member of it, once', 'manager', 'balance everything', undefined, 'balance audit'],
    ['no request of a restricted client: only its grants', 'restricted', undefined, undefined, 'balance'],
    ['a value of a dynamic scope as default', 'defaulting', undefined, undefined, 'transfer:7'],
  ]
  test.each(cases)('%s', async (_name, client, scope, resource, granted) => {
    expect(await ask(client, scope, resource)).toMatchObject({ scope: granted })
  })
})

describe('refused scopes', () => {
  const cases: [string, string, string | undefined, string | undefined, string][] = [
    ['an exclusive scope, for a client without it', 'plain', 'balance', undefined, 'invalid_scope'],
    ['a common scope, to a restricted client', 'restricted', 'profile', undefined, 'invalid_scope'],
    ['any scope, for a client restricted to none', 'fully-restricted', undefined, undefined, 'invalid_scope'],
    ['another value than the granted one', 'one-transfer', 'transfer:43', undefined, 'invalid_scope'],
    ['a value of a dynamic scope, for a client without it', 'teller', 'transfer:1', undefined, 'invalid_scope'],
    ['the star itself, which would mean every value', 'mover', 'transfer:*', undefined, 'invalid_scope'],
    ['a star within a value', 'mover', 'transfer:4*', undefined, 'invalid_scope'],
    ['a dynamic scope without a value', 'mover', 'transfer:', undefined, 'invalid_scope'],
    ['half of a dynamic scope', 'plain', 'report:pdf', undefined, 'invalid_scope'],
    ['a group, for a client with only some of its members', 'teller', 'everything', undefined, 'invalid_scope'],
    ['a common scope of another API than the resource', 'plain', 'hello', BANK, 'invalid_scope'],
    ['no request, and grants at two APIs', 'plain', undefined, undefined, 'invalid_target'],
  ]
  test.each(cases)('%s', async (_name, client, scope, resource, error) => {
    expect(await ask(client, scope, resource)).toMatchObject({ error })
  })
})

test('a token too large for an HTTP header is refused, not issued', async () => {
  const scopes = Array.from({ length: 450 }, (_, index) => `transactions:region-${index}:read`)
  await server.apply(`
apis: [{ audience: "https://large.example.com", scopes: [${scopes.map((name) => `{ name: "${name}" }`).join(', ')}] }]
clients: [{ client_id: large, scopes: [${scopes.map((name) => `"${name}"`).join(', ')}], ${credentials} }]
`)
  const start = performance.now()
  while ((await ask('large', scopes[0])).scope === undefined && performance.now() - start < 2_000);
  expect(await ask('large')).toMatchObject({
    error: 'invalid_scope',
    error_description: expect.stringContaining('too large'),
  })
  expect(await ask('large', scopes.slice(0, 300).join(' '))).toMatchObject({ scope: scopes.slice(0, 300).join(' ') })
})
