import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Authority } from '../../../../src/management/authority/authority.ts'
import { parseManifests } from '../../../../src/management/manifest/reading/parse.ts'
import { UserError } from '../../../../src/platform/user-error.ts'
import { resultsOf } from '../../../harness/manifest-tests.ts'
import { openDatabase } from './setting.ts'

let database: Awaited<ReturnType<typeof openDatabase>>
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

const API = 'https://api.example.com'
const MODEL = `apis: [{ audience: ${API}, scopes: [{ name: read }, { name: edit }] }]
clients: [{ client_id: batch, scopes: [read] }]
tests:
`

const messageOf = (content: string): string => {
  try {
    parseManifests([{ name: 'm.yaml', content }])
    return 'none'
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

describe('a wrong field of a test is a mistake with its place', () => {
  test.each([
    [
      'an unknown field',
      '{ client: batch, gets: {}, scop: read }',
      '4:32: tests[0].scop: this version knows no such field; did you mean scope?',
    ],
    [
      'neither a client nor a token',
      '{ gets: {} }',
      '4:5: tests[0]: must have the client of the request, or the token of an outside issuer that it sends',
    ],
    ['no expectation', '{ client: batch }', '4:5: tests[0]: expects nothing: give gets or refused'],
    [
      'two expectations',
      '{ client: batch, gets: {}, refused: no_scope }',
      '4:32: tests[0].refused: give gets or refused, not both',
    ],
    [
      'a match without a token',
      '{ client: batch, matches: nobody }',
      '4:22: tests[0].matches: is for tests with a token',
    ],
    [
      'a match of another form',
      '{ token: {}, matches: [a] }',
      '4:18: tests[0].matches: must be nobody, or { client, credential }',
    ],
    [
      'a token for nobody',
      '{ token: {}, matches: nobody, gets: {} }',
      '4:35: tests[0].gets: a token that matches nobody gets nothing',
    ],
    [
      'an unknown field of gets',
      '{ client: batch, gets: { scope: read } }',
      '4:30: tests[0].gets.scope: this version knows no such field; did you mean scopes?',
    ],
    [
      'a claim that changes',
      '{ client: batch, gets: { claims: { iat: 1 } } }',
      '4:40: tests[0].gets.claims.iat: does not belong here: it changes with every token',
    ],
    [
      'a claim with a field',
      '{ client: batch, gets: { claims: { exp: 1 } } }',
      '4:40: tests[0].gets.claims.exp: does not belong here: there is lifetime',
    ],
    [
      'two spaces between scopes',
      '{ client: batch, scope: "a  b", gets: {} }',
      '4:22: tests[0].scope: must be scopes with a space between them, or a list of scopes',
    ],
    [
      'a scope that is a number',
      '{ client: batch, scope: 1, gets: {} }',
      '4:22: tests[0].scope: must be scopes with a space between them, or a list of scopes',
    ],
    [
      'no audience',
      '{ client: batch, resource: api, gets: {} }',
      '4:22: tests[0].resource: must be an audience such as https://api.example.com, or a list of audiences',
    ],
    [
      'a lifetime that is none',
      '{ client: batch, gets: { lifetime: soon } }',
      '4:30: tests[0].gets.lifetime: must be a whole number of seconds, or a duration such as 10m',
    ],
  ])('%s', (_name, line, message) => {
    expect(messageOf(`${MODEL}  - ${line}`)).toBe(`m.yaml:${message}`)
  })

  test('a reason that does not exist, or that no test can bring about', () => {
    const refused = (reason: string) => messageOf(`${MODEL}  - { client: batch, refused: ${reason} }`)
    expect(refused('invalid_scop')).toMatch(
      /^m\.yaml:4:22: tests\[0\]\.refused: must be invalid_scope, invalid_target, .+; did you mean invalid_scope\?$/,
    )
    expect(refused('scope_not_alowed')).toMatch(/did you mean scope_not_allowed\?$/)
    expect(refused('wrong_secret')).toMatch(/: must be invalid_scope, .+ that APIs and clients decide$/)
  })

  test('in each of several files and documents', () => {
    const files = ['a.yaml', 'b.yaml'].map((name) => ({
      name,
      content: `apis: []\n---\ntests:\n  - { client: 1, gets: {} }`,
    }))
    expect(() => parseManifests(files)).toThrow(
      '2 mistakes:\n  a.yaml:4:7: tests[0].client: must be text: put it in quotes\n  b.yaml:4:7: tests[0].client: must be text: put it in quotes',
    )
  })

  test('one test too many', () => {
    const line = '- {client: a, gets: {}}\n'
    expect(messageOf(`tests:\n${line.repeat(10_000)}`)).toBe('none')
    expect(messageOf(`tests:\n${line.repeat(9_999)}---\ntests:\n${line.repeat(2)}`)).toBe(
      'm.yaml:10004:3: tests[1]: is one too many: a manifest has at most 10000 tests',
    )
  })
})

describe('a name that does not exist in the state that would be is a mistake of the test', () => {
  test.each([
    ['a client', 'client: bach, gets: {}', 'tests[0].client: there is no client "bach"; did you mean "batch"?'],
    [
      'a client that is to match',
      'token: {}, matches: { client: bacth }',
      'tests[0].matches.client: there is no client "bacth"; did you mean "batch"?',
    ],
    [
      'a credential',
      'token: {}, matches: { client: batch, credential: main }',
      'tests[0].matches.credential: the client has no federated credential "main"',
    ],
    [
      'an API',
      'client: batch, resource: "https://api.example.org", gets: {}',
      `tests[0].resource: there is no API "https://api.example.org"; did you mean "${API}"?`,
    ],
    [
      'an expected API',
      'client: batch, gets: { audience: "https://x.example" }',
      'tests[0].gets.audience: there is no API "https://x.example"',
    ],
    [
      'a scope',
      'client: batch, scope: reed, refused: invalid_scope',
      'tests[0].scope: no API has the scope "reed"; did you mean "read"?',
    ],
    [
      'an expected scope',
      'client: batch, gets: { scopes: [read, edt] }',
      'tests[0].gets.scopes: no API has the scope "edt"; did you mean "edit"?',
    ],
  ])('%s', async (_name, line, message) => {
    await expect(database.differences(`${MODEL}  - { ${line} }`)).rejects.toThrow(
      new RegExp(`^m\\.yaml:4:\\d+: ${message.replaceAll(/[.?[\]]/g, '\\$&')}$`),
    )
  })

  test('and all are listed', async () => {
    const lines = '  - { client: a, gets: {} }\n  - { client: b, scope: c, gets: {} }\n'
    await expect(database.differences(MODEL + lines)).rejects.toThrow(/^3 mistakes:\n {2}m\.yaml:4:/)
  })

  test('also if it is hidden from the author', async () => {
    await database.apply(`apis: [{ audience: "https://hidden.example.com", owner: them, scopes: [{ name: hidden }] }]
clients: [{ client_id: theirs, owner: them, scopes: [hidden] }, { client_id: ours, owner: us }]`)
    const authority: Authority = { everywhere: new Set(), within: new Map([['us', new Set(['view', 'edit'])]]) }
    const run = (line: string) => resultsOf({ ...database.context, authority }, `tests: [{ ${line} }]`)
    expect(await run('client: ours, refused: no_scope')).toMatchObject([{ differences: [] }])
    await expect(run('client: theirs, gets: {}')).rejects.toThrow('there is no client "theirs"')
    await expect(run('client: ours, resource: "https://hidden.example.com", gets: {}')).rejects.toThrow(
      'there is no API',
    )
    await expect(run('client: ours, scope: hidden, gets: {}')).rejects.toThrow('no API has the scope "hidden"')
  })
})
