import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTessera } from '../../harness/cli.ts'
import { freePort } from '../../harness/port.ts'
import { runTessera } from '../../harness/program.ts'

const ISSUER = 'https://localhost:9031'
const ORDERS = 'https://orders.example.com'
const MANIFEST = `
apis:
  - audience: ${ORDERS}
    scopes: [{ name: "orders:read" }, { name: "orders:write" }]
    token: { lifetime: 600, claims: { env: test } }
  - { audience: "https://sealed.example.com", scopes: [{ name: seal }], token: { format: sealed } }
  - { audience: "https://bound.example.com", scopes: [{ name: bind }], require: dpop }
clients:
  - client_id: nightly
    subject: night
    scopes: ["orders:read", seal, bind]
    default_scopes: ["orders:read"]
    credentials: [{ secret: of the night }]
`

let folder: string
let manifest: string
const place = () => ['--data', join(folder, 'data'), '--manifest', manifest]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-mint-'))
  manifest = join(folder, 'manifest.yaml')
})
beforeEach(() => writeFileSync(manifest, MANIFEST))
afterAll(() => rmSync(folder, { recursive: true }))

const mint = (...args: string[]) => runTessera(['dev', 'mint', ...place(), ...args])
const at = (audience: string, ...args: string[]) => ['--client', 'nightly', '--audience', audience, ...args]
const nightly = (...args: string[]) => mint(...at(ORDERS, ...args))
async function tokenOf(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await nightly(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim()
}
/** Verifies a token as an API does that has the key set in a file. */
async function verify(token: string) {
  const { stdout } = await runTessera(['dev', 'jwks', ...place()])
  const rules = { issuer: ISSUER, audience: ORDERS, typ: 'at+jwt', algorithms: ['ES256'] }
  return (await jwtVerify(token, createLocalJWKSet(JSON.parse(stdout)), rules)).payload
}

describe('tessera dev mint', () => {
  test('makes the folder, and prints the token that the server would issue', async () => {
    const token = await tokenOf()
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    const { iat = 0, exp = 0, ...claims } = await verify(token)
    expect(exp - iat).toBe(600)
    expect(claims).toEqual({
      iss: ISSUER,
      sub: 'night',
      aud: ORDERS,
      client_id: 'nightly',
      scope: 'orders:read',
      env: 'test',
      jti: expect.stringMatching(/^[\da-f-]{36}$/),
    })
    expect(readFileSync(join(folder, 'data/master.key'), 'utf8')).toMatch(/^tessera\/dev\//)
    expect(statSync(join(folder, 'data/tessera.db')).mode & 0o777).toBe(0o600)
  })

  test('adds claims, and another lifetime', async () => {
    const claims = await verify(
      await tokenOf('--claim', 'tenant=acme', '--claim', 'roles=["a",1]', '--lifetime', '90s'),
    )
    expect(claims).toMatchObject({ tenant: 'acme', roles: ['a', 1], exp: (claims.iat ?? 0) + 90 })
  })

  test('follows a change of the manifest', async () => {
    expect((await nightly('--scope', 'orders:write')).stderr).toMatch(/^tessera: the server would refuse this: .*scope/)
    writeFileSync(
      manifest,
      MANIFEST.replace('scopes: ["orders:read", seal, bind]', 'scopes: ["orders:write"]').replace(
        /.*default_scopes.*\n/,
        '',
      ),
    )
    expect(await verify(await tokenOf('--scope', 'orders:write'))).toMatchObject({ scope: 'orders:write' })
    expect(await nightly('--scope', 'orders:read')).toMatchObject({ code: 1, stdout: '' })
  })

  test.each([
    ['expiry', /"exp" claim timestamp check failed/],
    ['audience', /unexpected "aud" claim value/],
    ['issuer', /unexpected "iss" claim value/],
    ['signature', /signature verification failed/],
  ])('--wrong %s makes a token that a verifier refuses for that reason', async (wrong, reason) => {
    await expect(verify(await tokenOf('--wrong', wrong))).rejects.toThrow(reason)
  })

  test('a token with a wrong expiry expired an hour ago, whatever its lifetime is', async () => {
    const { iat = 0, exp = 0 } = decodeJwt(await tokenOf('--wrong', 'expiry', '--lifetime', '5m'))
    expect(exp - iat).toBe(300)
    expect(exp).toBeLessThan(Date.now() / 1000 - 3500)
  })

  test.each([
    ['an unknown client', ['--client', 'nobody', '--audience', ORDERS], 3, /^tessera: there is no client "nobody"/],
    ['an unknown API', at('https://else'), 3, /^tessera: there is no API "https:\/\/else"/],
    ['sealed tokens', at('https://sealed.example.com', '--scope', 'seal'), 1, /has sealed tokens/],
    ['bound tokens', at('https://bound.example.com', '--scope', 'bind'), 1, /wants a proof with each/],
    ['a claim of the server', at(ORDERS, '--claim', 'scope=all'), 2, /--claim scope: the client, its API/],
    ['a claim without value', at(ORDERS, '--claim', 'tenant'), 2, /--claim must be a name, = and a value/],
    ['a lifetime without unit', at(ORDERS, '--lifetime', '10'), 2, /--lifetime must be a number and a unit/],
    ['no lifetime', at(ORDERS, '--lifetime', '0s'), 2, /--lifetime must be at least 1s/],
    ['two spaces', at(ORDERS, '--scope', 'a  b'), 2, /--scope must be names of scopes/],
    ['a huge claim', at(ORDERS, '--claim', `long=${'x'.repeat(16_000)}`), 1, /over 16000 characters/],
  ])('%s: refused in our words', async (_name, args, code, message) => {
    expect(await mint(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
  })

  test('a manifest with a mistake is refused at its place', async () => {
    await tokenOf()
    writeFileSync(manifest, 'clients: [{ client_id: a, scopse: [read] }]')
    expect(await nightly()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/manifest\.yaml:1:\d+: .*scopse/),
    })
  })

  test('works beside a running server, which verifies the token with the same keys and follows the manifest', async () => {
    const port = await freePort()
    const issuer = `https://localhost:${port}`
    const env = { TESSERA_RUNTIME_PORT: String(port), TESSERA_ADMIN_PORT: String(await freePort()) }
    const server = startTessera(['dev', ...place()], env)
    try {
      await server.printed(/Ctrl\+C stops it/)
      expect(server.output()).toContain(`Manifest         ${manifest}`)
      expect(server.output()).not.toContain('cc_client')
      const token = await tokenOf('--issuer', issuer)
      const { code, stdout } = await runTessera(
        ['introspect'],
        { TESSERA_DATA: join(folder, 'data'), TESSERA_ISSUER: issuer },
        token,
      )
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^active/) })
    } finally {
      await server.stop()
    }
  })
})

describe('keys of production are never used', () => {
  const elsewhere = () => join(folder, 'elsewhere')
  const run = (args: string[], env: Record<string, string> = {}) =>
    runTessera(['dev', ...args, '--data', elsewhere(), '--client', 'nightly', '--audience', ORDERS], env)

  test('a configuration with a database is refused, and nothing is made', async () => {
    const { code, stderr } = await run(['mint'], { TESSERA_STORAGE: 'sqlite:production.db' })
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tessera: storage is .*keeps a database of its own/),
    })
    expect(existsSync(elsewhere())).toBe(false)
  })

  test('a master key that `tessera dev` did not make is refused', async () => {
    const key = join(folder, 'production.key')
    writeFileSync(key, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 })
    const { code, stdout, stderr } = await run(['mint'], { TESSERA_MASTER_KEY_FILE: key })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^tessera: the master key of .*elsewhere is not one that `tessera dev` makes: name another folder/,
    )
    expect(existsSync(join(elsewhere(), 'tessera.db'))).toBe(false)
  })
})
