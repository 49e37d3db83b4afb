import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fuzz } from '../harness/fuzz.ts'
import { SECRET } from '../harness/model.ts'
import { described } from '../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { anyModel, decideIn, isGrantedAt, knownAt, type Model, type Request } from './models.ts'

const WIKI = 'https://wiki.example.com'
const PAYROLL = 'https://payroll.example.com'
const SHOP = 'https://shop.example.com'
const VAULT = 'https://vault.example.com'
const credentials = `credentials: [{ secret: ${SECRET} }]`

const MANIFEST = `
apis:
  - audience: ${WIKI}
    scopes: [{ name: admin, common: true }, { name: wave, common: true }, { name: read, common: true, on_request: true }]
  - audience: ${PAYROLL}
    scopes: [{ name: admin }, { name: ping, common: true }, { name: read, common: true }]
  - audience: ${SHOP}
    scopes:
      - { name: write }
      - { name: look }
      - { name: "item:*", common: true }
      - { name: editor, includes: [write, look] }
  - audience: ${VAULT}
    scopes: [{ name: write }, { name: open, common: true }, { name: "item:7" }]
clients:
  - { client_id: mallory, ${credentials} }
  - { client_id: editorbot, scopes: [editor], ${credentials} }
  - { client_id: trusted, scopes: [admin, write], ${credentials} }
  - { client_id: defaulting, scopes: [write], default_scopes: [admin, ping], ${credentials} }
`

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST })
})
afterAll(() => server.stop())

async function ask(client: string, resources: readonly string[], scope?: string) {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) })
  for (const resource of resources) form.append('resource', resource)
  const response = await server.token(form.toString(), basic(client, SECRET))
  const id = response.headers.get('x-request-id')
  return { id, answer: (await response.json()) as { scope?: string; error?: string; error_description?: string } }
}

describe('scope-across-apis: a token never carries to one API a scope that another one granted', () => {
  const refused: [string, string, string[], string | undefined][] = [
    ['a scope that is common at one API and exclusive at the other', 'mallory', [PAYROLL, WIKI], 'admin ping'],
    ['in the other order', 'mallory', [WIKI, PAYROLL], 'ping admin'],
    ['without a resource, each scope at an API of its own', 'mallory', [], 'admin ping'],
    ['without a scope, at both', 'mallory', [PAYROLL, WIKI], undefined],
    ['a member of a group that was granted at one API', 'editorbot', [SHOP, VAULT], 'write open'],
    ['the group itself', 'editorbot', [SHOP, VAULT], 'editor open'],
    ['without a resource, by a group', 'editorbot', [], 'editor open'],
    ['a value of a dynamic scope that is an exclusive scope elsewhere', 'mallory', [SHOP, VAULT], 'item:7 open'],
    ['by default scopes, each at an API of its own', 'defaulting', [WIKI, PAYROLL], undefined],
    ['not requested: a scope that the other API grants only on request', 'trusted', [WIKI, PAYROLL], undefined],
  ]
  test.each(refused)('%s', async (_name, client, resources, scope) => {
    const { answer } = await ask(client, resources, scope)
    expect(answer).toMatchObject({ error: 'invalid_target' })
    expect(answer.error_description).toMatch(/resource/)
  })

  test('the refusal names the scope, the APIs that grant it and that don’t, and the remedy', async () => {
    const { id, answer } = await ask('mallory', [PAYROLL, WIKI], 'admin ping')
    expect(answer.error_description).toEqual(
      described(`admin is granted at ${WIKI} and not at ${PAYROLL}: send a request for each API, with resource`),
    )
    const [event] = await server.audit(id)
    expect(event).toMatchObject({
      reason: 'scope_of_other_target',
      detail: { scope: 'admin', not_granted_at: PAYROLL, granted_at: [WIKI] },
    })
  })

  const granted: [string, string, string[], string | undefined, string][] = [
    ['a scope that both APIs grant', 'trusted', [WIKI, PAYROLL], 'admin', 'admin'],
    ['scopes that only their own API knows', 'mallory', [WIKI, PAYROLL], 'wave ping', 'wave ping'],
    ['a scope requested by name at an API that requires that', 'mallory', [WIKI, PAYROLL], 'read', 'read'],
    ['a value that no other API knows', 'mallory', [SHOP, VAULT], 'item:8 open', 'item:8 open'],
  ]
  test.each(granted)('but %s', async (_name, client, resources, scope, expected) => {
    const { answer } = await ask(client, resources, scope)
    expect(answer).toMatchObject({ scope: expected })
  })
})

describe('any model and request', () => {
  const cases: fc.Arbitrary<readonly [Model, Request]> = anyModel()
  fuzz('each scope of a token is granted at every API in aud that knows it', 0.5, cases, ([model, request]) => {
    const decision = decideIn(model, request)
    if (decision.kind === 'refused') return
    expect(decision.scopes).not.toHaveLength(0)
    for (const api of decision.apis) {
      for (const scope of decision.scopes) {
        if (knownAt(api, scope))
          expect({ scope, isGranted: isGrantedAt(model.client, api, scope) }).toEqual({ scope, isGranted: true })
      }
    }
  })

  fuzz('a token for one API is never refused because of another API’s scopes', 0.5, cases, ([model, request]) => {
    for (const target of model.apis.all) {
      const decision = decideIn(model, { ...request, targets: [target.audience] })
      if (decision.kind === 'refused') expect(decision.reason).not.toBe('scope_of_other_target')
    }
  })
})

test('the models lead to both issued and refused tokens for several APIs', () => {
  const decisions = fc
    .sample(anyModel(), { numRuns: 3_000, seed: 1 })
    .map(([model, request]) => decideIn(model, request))
  const issued = decisions.filter((decision) => decision.kind === 'granted' && decision.apis.length > 1)
  const refused = decisions.filter(
    (decision) => decision.kind === 'refused' && decision.reason === 'scope_of_other_target',
  )
  expect(issued.length).toBeGreaterThan(30)
  expect(refused.length).toBeGreaterThan(30)
})
