import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { IN_2030 } from '../../../harness/clock.ts'
import { openDatabase } from './setting.ts'

let database: Awaited<ReturnType<typeof openDatabase>>
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

const API = 'https://api.example.com'
const GITHUB = 'https://token.actions.githubusercontent.com'
const MAIN = 'repo:o/r:ref:refs/heads/main'
const trust = (rest: string) => `federated: { issuer: "${GITHUB}", audience: tessera, ${rest} }`

const MODEL = `
apis: [{ audience: ${API}, scopes: [{ name: deploy }, { name: read }] }]
clients:
  - client_id: workflow
    scopes: [deploy]
    credentials:
      - { label: main, ${trust(`subject: "${MAIN}"`)} }
      - { label: tags, ${trust(`when: 'claims.ref.startsWith("refs/tags/v") && claims.environment == "production"'`)} }
      - { label: old, expires: 2029-01-01T00:00:00Z, ${trust('subject: "repo:o/r:old"')} }
  - { client_id: twin, scopes: [read], credentials: [{ label: twin, ${trust('claims: { repository: o/twin }')} }] }
  - { client_id: copy, scopes: [read], credentials: [{ ${trust('claims: { repository: o/twin }')} }] }
  - { client_id: off, enabled: false, credentials: [{ label: off, ${trust('subject: "repo:o/off"')} }] }
  - { client_id: keys-only, auth_methods: [private_key_jwt], credentials: [{ ${trust('subject: "repo:o/k"')} }] }
  - client_id: mesh
    scopes: [read]
    credentials: [{ label: pod, federated: { issuer: "spiffe://example.org", audience: tessera, subject: "spiffe://example.org/ns/a", jwks_uri: "https://spire.example.org/keys" } }]
`

const token = (claims: string, audience = 'tessera') => `token: { iss: "${GITHUB}", aud: ${audience}, ${claims} }`
const ofMain = token(`sub: "${MAIN}"`)
const ofTag = (environment: string) => token(`sub: "repo:o/r:x", ref: refs/tags/v1, environment: ${environment}`)

const outcomeOf = async (line: string): Promise<readonly string[]> => {
  const [first = []] = await database.differences(`${MODEL}tests: [{ ${line} }]`)
  return first
}

describe('the token of an outside issuer', () => {
  test.each<[string, string]>([
    ['matches a client', `${ofMain}, matches: { client: workflow }`],
    ['matches a credential by its label', `${ofMain}, matches: { client: workflow, credential: main }`],
    ['meets a condition', `${ofTag('production')}, matches: { client: workflow, credential: tags }`],
    ['does not meet a condition', `${ofTag('staging')}, matches: nobody`],
    ['has another audience', `${token(`sub: "${MAIN}"`, 'other')}, matches: nobody`],
    ['has expired', `${token(`sub: "${MAIN}", exp: ${IN_2030 - 100}`)}, refused: federated_expired`],
    ['is of an unknown issuer', 'token: { iss: "https://evil.example.com" }, refused: federated_issuer_unknown'],
    ['matches a credential that has ended', `${token('sub: "repo:o/r:old"')}, refused: expired_credential`],
    ['matches a disabled client', `${token('sub: "repo:o/off"')}, matches: nobody, refused: client_disabled`],
    ['comes by a method that is not allowed', `${token('sub: "repo:o/k"')}, refused: method_not_allowed_here`],
    ['matches two clients', `${token('sub: x, repository: o/twin')}, refused: federated_ambiguous, matches: nobody`],
    ['comes with a client', `client: copy, ${token('sub: x, repository: o/twin')}, matches: { client: copy }`],
    [
      'is an SVID',
      'token: { sub: "spiffe://example.org/ns/a", aud: tessera }, matches: { client: mesh, credential: pod }',
    ],
    ['gets a token', `${ofMain}, scope: deploy, gets: { scopes: deploy, claims: { sub: workflow } }`],
    ['is refused a scope', `${ofMain}, scope: read, matches: { client: workflow }, refused: invalid_scope`],
  ])('%s', async (_name, line) => {
    expect(await outcomeOf(line)).toEqual([])
  })

  test.each<[string, string, string]>([
    [
      'meets no condition, and the difference names the claim',
      `${ofTag('staging')}, matches: { client: workflow, credential: tags }`,
      'to match workflow by tags, got nobody: when must be claims.ref.startsWith("refs/tags/v") && claims.environment == "production", not claims.environment is "staging"',
    ],
    [
      'has another subject',
      `${token('sub: "repo:o/r:pull_request"')}, matches: { client: workflow, credential: main }`,
      `to match workflow by main, got nobody: subject must be ${MAIN}, not repo:o/r:pull_request`,
    ],
    [
      'matches another credential',
      `${ofMain}, matches: { client: workflow, credential: tags }`,
      'to match workflow by tags, got workflow by main',
    ],
    ['matches somebody', `${ofMain}, matches: nobody`, 'to match nobody, got workflow by main'],
    [
      'fits a credential that has ended',
      `${token('sub: "repo:o/r:old"')}, matches: { client: workflow, credential: old }`,
      'to match workflow by old, got nobody: refused with invalid_client (expired_credential)',
    ],
    ['gets no token', `${ofTag('staging')}, gets: {}`, 'a token, got refused with invalid_client (federated_no_match)'],
  ])('fails a test if it %s', async (_name, line, difference) => {
    expect(await outcomeOf(line)).toEqual([difference])
  })

  test('matches clients of the database, unless the manifest changes them', async () => {
    const other = await openDatabase()
    try {
      await other.apply(MODEL)
      const narrower = `clients: [{ client_id: workflow, scopes: [deploy], credentials: [{ label: tags, ${trust('subject: "repo:o/r:tag"')} }] }]\n`
      const tests = `tests: [{ ${ofMain}, matches: { client: workflow, credential: main } }]`
      expect(await other.differences(tests)).toEqual([[]])
      await expect(other.differences(narrower + tests)).rejects.toThrow(
        'm.yaml:2:154: tests[0].matches.credential: the client has no federated credential "main"',
      )
      expect(await other.differences(`${narrower}tests: [{ ${ofMain}, matches: nobody }]`)).toEqual([[]])
    } finally {
      await other.close()
    }
  })
})
