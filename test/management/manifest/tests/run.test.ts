import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { disableClient } from '../../../../src/management/clients/disable.ts'
import { ClientId } from '../../../../src/oauth/ids.ts'
import { resultsOf } from '../../../harness/manifest-tests.ts'
import { newSecret } from '../../../harness/model.ts'
import { openDatabase } from './setting.ts'

let database: Awaited<ReturnType<typeof openDatabase>>
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

const API = 'https://api.example.com'
const VAULT = 'https://vault.example.com'
const SAFE = 'https://safe.example.com'

const MODEL = `
apis:
  - audience: ${API}
    token: { lifetime: 10m, claims: { stage: live, limits: { day: 5 } }, client_claims: { team: owner } }
    scopes: [{ name: read }, { name: edit }, { name: admin }, { name: all, includes: [read, edit] }, { name: "lot:*" }, { name: ping, common: true }]
  - { audience: ${VAULT}, token: { format: sealed }, scopes: [{ name: "vault/*/*" }, { name: read }] }
  - { audience: ${SAFE}, require: dpop, token: { algorithm: EdDSA }, scopes: [{ name: open }] }
clients:
  - { client_id: batch, owner: data, scopes: [read, edit], token: { claims: { tenant: acme } } }
  - { client_id: narrow, restrict_scopes: true, grants: [{ api: ${API}, scopes: [read, "lot:7"] }], subject: svc-narrow }
  - { client_id: brief, scopes: [edit], token: { lifetime: 60 } }
  - { client_id: lots, scopes: ["lot:*", "vault/a/*"] }
  - { client_id: off, enabled: false, scopes: [read] }
  - { client_id: grantless, grant_types: [], scopes: [read] }
  - { client_id: keeper, scopes: [open], tls_client_certificate_bound_access_tokens: true }
  - { client_id: bound, scopes: [edit], require: certificate_bound }
  - { client_id: asks, scopes: [edit], tls_client_certificate_bound_access_tokens: true }
  - { client_id: nothing, restrict_scopes: true }
  - { client_id: large, scopes: [edit, read], token: { claims: { a: "${'…'.repeat(3_900)}" } } }
`

const outcomeOf = async (line: string): Promise<readonly string[]> => {
  const [first = []] = await database.differences(`${MODEL}tests: [${line}]`)
  return first
}

describe('an expectation about the token passes, or says what the client would get', () => {
  const of = (client: string, rest: string) => `{ client: ${client}, ${rest} }`
  test.each<[string, string, string, string | undefined]>([
    [
      'a token',
      of('brief', 'gets: {}'),
      of('off', 'gets: {}'),
      'a token, got refused with invalid_client (client_disabled)',
    ],
    [
      'scopes in any order',
      of('batch', `scope: read edit, resource: ${API}, gets: { scopes: [edit, read] }`),
      of('batch', `resource: ${API}, gets: { scopes: [read] }`),
      'scopes read, got read edit ping',
    ],
    [
      'scopes of a group',
      of('batch', `scope: all, gets: { scopes: read edit }`),
      of('batch', `scope: all, gets: { scopes: all }`),
      'scopes all, got read edit',
    ],
    [
      'a value of a dynamic scope',
      of('narrow', 'scope: "lot:7", gets: { scopes: ["lot:7"] }'),
      of('narrow', 'scope: "lot:8", gets: {}'),
      'a token, got refused with invalid_scope (scope_not_allowed)',
    ],
    [
      'a part of a wildcard scope',
      of('lots', 'scope: "vault/a/b", gets: { scopes: "vault/a/b", format: sealed }'),
      of('lots', 'scope: "vault/b/b", gets: {}'),
      'a token, got refused with invalid_scope (scope_not_allowed)',
    ],
    [
      'no common scope for a restricted client',
      of('narrow', 'gets: { scopes: read }'),
      of('narrow', 'scope: ping, gets: {}'),
      'a token, got refused with invalid_scope (scope_not_allowed)',
    ],
    [
      'the audience',
      of('brief', `scope: edit, gets: { audience: ${API} }`),
      of('brief', `scope: edit, gets: { audience: [${API}, ${VAULT}] }`),
      `audience ${API} ${VAULT}, got ${API}`,
    ],
    [
      'the lifetime of the API, as a duration',
      of('batch', `resource: ${API}, gets: { lifetime: 10m }`),
      of('batch', `resource: ${API}, gets: { lifetime: 601 }`),
      'lifetime 601 s, got 600 s',
    ],
    [
      'the lifetime of the client',
      of('brief', 'scope: edit, gets: { lifetime: 60 }'),
      of('brief', 'scope: edit, gets: { lifetime: 10m }'),
      'lifetime 600 s, got 60 s',
    ],
    [
      'the lifetime of the server',
      of('lots', 'scope: "vault/a/b", gets: { lifetime: 4h }'),
      of('lots', 'scope: "vault/a/b", gets: { lifetime: 1h }'),
      'lifetime 3600 s, got 14400 s',
    ],
    [
      'the format',
      of('batch', `resource: ${VAULT}, gets: { format: sealed }`),
      of('batch', `resource: ${VAULT}, gets: { format: jwt }`),
      'format jwt, got sealed',
    ],
    [
      'the algorithm',
      `{ client: keeper, scope: open, dpop: true, gets: { algorithm: EdDSA } }`,
      `{ client: keeper, scope: open, dpop: true, gets: { algorithm: ES256 } }`,
      'algorithm ES256, got EdDSA',
    ],
    [
      'claims of the client and the API',
      of('batch', `resource: ${API}, gets: { claims: { tenant: acme, stage: live, team: data, limits: { day: 5 } } }`),
      of('batch', `resource: ${API}, gets: { claims: { tenant: other } }`),
      'claim tenant "other", got "acme"',
    ],
    [
      'claims of the server',
      of(
        'narrow',
        'scope: read, gets: { claims: { sub: svc-narrow, client_id: narrow, iss: "https://as.example.com", scope: read } }',
      ),
      of('narrow', 'scope: read, gets: { claims: { sub: narrow } }'),
      'claim sub "narrow", got "svc-narrow"',
    ],
    [
      'a claim that is absent',
      of('brief', 'scope: edit, gets: { claims: {} }'),
      of('brief', 'scope: edit, gets: { claims: { team: data, constructor: 1 } }'),
      'claim team "data", got absent; claim constructor 1, got absent',
    ],
    [
      'a binding to a proof',
      `{ client: keeper, scope: open, dpop: true, gets: { bound: dpop } }`,
      `{ client: keeper, scope: open, dpop: true, certificate: true, gets: { bound: certificate } }`,
      'bound to certificate, got dpop',
    ],
    [
      'a binding to a certificate',
      `{ client: asks, scope: edit, certificate: true, gets: { bound: certificate } }`,
      `{ client: asks, scope: edit, gets: { bound: certificate } }`,
      'bound to certificate, got nothing',
    ],
    [
      'a certificate that binds nothing',
      `{ client: brief, scope: edit, certificate: true, gets: { bound: nothing } }`,
      `{ client: brief, scope: edit, dpop: true, gets: { bound: nothing } }`,
      'bound to nothing, got dpop',
    ],
  ])('%s', async (_name, passing, failing, difference) => {
    expect(await outcomeOf(passing)).toEqual([])
    expect((await outcomeOf(failing)).join('; ')).toBe(difference)
  })
})

describe('an expected refusal passes by its reason and by its code alone', () => {
  test.each([
    ['a disabled client', 'client: off', 'client_disabled', 'invalid_client'],
    ['a client without the grant', 'client: grantless', 'grant_not_allowed', 'unauthorized_client'],
    ['a scope that it was not given', 'client: batch, scope: admin', 'scope_not_allowed', 'invalid_scope'],
    ['no scope at all', 'client: nothing', 'no_scope', 'invalid_scope'],
    ['an API without a scope for it', `client: narrow, resource: ${VAULT}`, 'unknown_target', 'invalid_target'],
    ['an API among several', 'client: batch, scope: read', 'ambiguous_target', 'invalid_target'],
    [
      'APIs whose tokens differ',
      `client: batch, scope: read edit, resource: [${API}, ${VAULT}]`,
      'incompatible_targets',
      'invalid_target',
    ],
    [
      'eleven APIs',
      `client: batch, resource: [${Array.from({ length: 11 }, () => API).join(', ')}]`,
      'too_many_targets',
      'invalid_target',
    ],
    ['a token that is too large', 'client: large, scope: edit', 'token_too_large', 'invalid_scope'],
    ['an API that requires a proof', 'client: keeper, scope: open', 'dpop_required', 'invalid_dpop_proof'],
    ['a client that requires a certificate', 'client: bound, scope: edit', 'certificate_required', 'invalid_request'],
    [
      'a proof where a certificate is required',
      'client: bound, scope: edit, dpop: true',
      'dpop_refused',
      'invalid_request',
    ],
  ])('%s', async (_name, request, reason, code) => {
    expect(await outcomeOf(`{ ${request}, refused: ${reason} }`)).toEqual([])
    expect(await outcomeOf(`{ ${request}, refused: ${code} }`)).toEqual([])
    const got = `got refused with ${code} (${reason})`
    const other = reason === 'token_too_large' ? 'no_scope' : 'token_too_large'
    expect(await outcomeOf(`{ ${request}, refused: ${other} }`)).toEqual([`refused with ${other}, ${got}`])
    expect(await outcomeOf(`{ ${request}, gets: {} }`)).toEqual([`a token, ${got}`])
  })

  test('a token fails it, and the difference says which', async () => {
    expect(await outcomeOf('{ client: brief, scope: edit, refused: invalid_scope }')).toEqual([
      `refused with invalid_scope, got scopes edit at ${API}`,
    ])
  })
})

test('every difference of a test is listed, and every test has its name and place', async () => {
  const results = await resultsOf(
    database.context,
    `${MODEL}tests:
  - { client: brief, scope: edit, gets: {} }
  - name: the nightly batch
    client: batch
    resource: ${API}
    gets: { scopes: read, lifetime: 1h, bound: dpop }
---
tests:
  - { client: off, refused: client_disabled }
`,
  )
  const after = MODEL.split('\n').length
  expect(results).toMatchObject([
    { name: 'brief, scope edit', file: 'm.yaml', line: after + 1, column: 5, differences: [] },
    { name: 'the nightly batch', line: after + 2, differences: [{}, {}, {}] },
    { name: 'off', line: after + 8, differences: [] },
  ])
})

describe('the state that would be', () => {
  test('has the clients and APIs of the database that the manifest leaves as they are', async () => {
    const other = await openDatabase()
    try {
      await other.apply(`
apis: [{ audience: "https://old.example.com", scopes: [{ name: look }, { name: touch }] }]
clients: [{ client_id: old, scopes: [look] }, { client_id: kept, scopes: [look] }]`)
      const tests = `
tests:
  - { client: kept, scope: look, gets: { audience: "https://old.example.com" } }
  - { client: old, scope: touch, gets: {} }`
      expect(await other.differences(`clients: [{ client_id: old, scopes: [look, touch] }]${tests}`)).toEqual([[], []])
      expect(await other.differences(tests)).toEqual([
        [],
        ['a token, got refused with invalid_scope (scope_not_allowed)'],
      ])
    } finally {
      await other.close()
    }
  })

  test('has a client disabled that a command disabled', async () => {
    const other = await openDatabase()
    try {
      await other.apply(MODEL)
      await disableClient(other.context, ClientId('brief'))
      expect(await other.differences(`${MODEL}tests: [{ client: brief, scope: edit, gets: {} }]`)).toEqual([
        ['a token, got refused with invalid_client (client_disabled)'],
      ])
    } finally {
      await other.close()
    }
  })
})

test('the tests of the largest manifest are run in seconds', async () => {
  const line = '  - { client: batch, scope: edit, gets: { scopes: edit } }\n'
  const results = await resultsOf(database.context, `${MODEL}tests:\n${line.repeat(10_000)}`)
  expect(results.filter(({ differences }) => differences.length === 0)).toHaveLength(10_000)
}, 60_000)

test('tests that take too long end the run with an error', async () => {
  const { context } = database
  let elapsed = 0
  const clock = {
    now: () => context.clock.now(),
    monotonic: () => {
      elapsed += 8_000
      return elapsed
    },
  }
  const line = '  - { client: batch, scope: edit, gets: {} }\n'
  await expect(resultsOf({ ...context, clock }, `${MODEL}tests:\n${line.repeat(10)}`)).rejects.toThrow(
    'the tests take over 30 s: give fewer tests, or apply the manifest in parts',
  )
})

test('no secret is needed: the request counts as authenticated', async () => {
  const manifest = (secret: string) =>
    `${MODEL}  - { client_id: secretive, scopes: [edit]${secret} }\ntests: [{ client: secretive, scope: edit, gets: {} }]`
  expect(await database.differences(manifest(''))).toEqual([[]])
  expect(await database.differences(manifest(`, credentials: [{ secret: ${newSecret()} }]`))).toEqual([[]])
})
