import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Issuer, startIssuer } from '../cli/issuer.ts'
import { runTessera } from '../harness/program.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const AUTH = 'https://auth.example.com'
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Each page about a platform, and the issuer that it names. */
const pages = [
  ['github-actions', 'https://token.actions.githubusercontent.com'],
  ['gitlab', 'https://gitlab.com'],
  ['kubernetes', 'https://oidc.eks.eu-west-1.amazonaws.com/id/D5CA2F0E9B4C4E1D8A3B7C6F5E4D3C2B'],
  ['spiffe', 'https://spire.example.com'],
  ['aws', 'https://4b2d7c1e-5f0a-4c8e-9d3b-6a7f8e9d0c1b.tokens.sts.global.api.aws'],
] as const

const manifest = z.looseObject({
  clients: z.tuple([z.looseObject({ client_id: z.string() })]),
  tests: z.array(
    z.looseObject({
      name: z.string(),
      token: z.record(z.string(), z.unknown()),
      matches: z.unknown(),
      gets: z.object({ scopes: z.string() }).optional(),
    }),
  ),
})

const blocksOf = (page: string): readonly string[] =>
  [...readFileSync(`docs/integrating/${page}.md`, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  )

/** The manifest of a page. */
function manifestOf(page: string): string {
  const found = blocksOf(page).filter((text) => /^clients:/m.test(text))
  expect(found).toHaveLength(1)
  return found[0] ?? ''
}

let issuer: Issuer
let folder: string
beforeAll(async () => {
  issuer = await startIssuer()
  folder = mkdtempSync(join(tmpdir(), 'tessera-platforms-'))
})
afterAll(async () => {
  await issuer.stop()
  rmSync(folder, { recursive: true })
})

describe.each(pages)('docs/integrating/%s.md', (page, named) => {
  let server: TestServer | undefined
  afterEach(() => server?.stop())

  test('every YAML is well-formed, and a new server accepts the manifest with its tests', async () => {
    for (const text of blocksOf(page)) expect(parse(text, { merge: true })).toBeTypeOf('object')
    const file = join(folder, `${page}.yaml`)
    writeFileSync(file, manifestOf(page))
    expect(await runTessera(['validate', '-f', file])).toMatchObject({ code: 0, stderr: '' })
    server = await startTestServer({ options: issuer.options, manifest: 'clients: [{ client_id: somebody }]' })
    const env = { TESSERA_STORAGE: server.config.storage, TESSERA_ISSUER: server.issuer }
    const { code, stdout } = await runTessera(['plan', '-f', file], env)
    const { tests } = manifest.parse(parse(manifestOf(page), { merge: true }))
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('+ client ') })
    for (const { name } of tests) expect(stdout).toContain(`ok ${name}`)
  })

  test('a server gives tokens for the tokens of the tests that match, signed by an issuer, and for no other', async () => {
    const own = await startTestServer({ options: issuer.options, manifest: 'clients: [{ client_id: somebody }]' })
    server = own
    const put = (text: string) =>
      text.replaceAll(named, issuer.url).replaceAll(`${issuer.url}/keys`, `${issuer.url}/jwks`)
    const text = put(manifestOf(page)).replaceAll(AUTH, own.issuer)
    await own.apply(text)
    const { clients, tests } = manifest.parse(parse(text, { merge: true }))
    const now = Math.floor(Date.now() / 1000)
    const refused = new Set<boolean>()
    const ask = async (token: object) =>
      own.token({
        grant_type: 'client_credentials',
        client_id: clients[0].client_id,
        client_assertion_type: ASSERTION_TYPE,
        // A JWT-SVID has no `iss`.
        client_assertion: await issuer.sign({ iss: undefined, iat: now, exp: now + 300, ...token }),
      })
    // The server learns of the manifest within a second.
    const first = tests.find(({ matches }) => matches !== 'nobody')
    await until(async () => (await ask(first?.token ?? {})).ok)
    // The server holds each refusal for two seconds, so all requests wait together.
    const answers = await Promise.all(
      tests.map(async (one) => {
        const response = await ask(one.token)
        return { ...one, response, body: await response.json() }
      }),
    )
    for (const { name, matches, gets, response, body } of answers) {
      const expected = matches === 'nobody' ? [401, { error: 'invalid_client' }] : [200, { scope: gets?.scopes }]
      expect([name, response.status, body]).toMatchObject([name, ...expected])
      refused.add(response.ok)
    }
    expect(refused.size).toBe(2)
  })
})
