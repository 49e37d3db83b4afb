import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { resolveConfig } from '../../src/config/resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'tessera-aliases-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const MINIMAL = {
  TESSERA_ISSUER: 'https://auth.example.com',
  TESSERA_STORAGE: 'sqlite:/var/lib/tessera/tessera.db',
  TESSERA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  TESSERA_TLS_CERT: inject('tls').cert,
  TESSERA_TLS_KEY: inject('tls').key,
}

const load = (env: Record<string, string>, file?: string, flags: Record<string, string> = {}) =>
  resolveConfig(loadOptions({ file, env, flags }))

const entries = [
  { path: '/oauth2/token', to: 'token' },
  { path: '/o/token/', to: 'token' },
  { path: '/realms/demo/.well-known/openid-configuration', to: 'openid_configuration' },
]

test('aliases stand in a file as a list', () => {
  const file = write('aliases.yaml', `aliases: ${JSON.stringify(entries)}`)
  expect(load(MINIMAL, file).aliases).toEqual(entries)
})

test('aliases stand in a variable or a flag as one text', () => {
  const text = entries.map(({ path, to }) => `${path}=${to}`).join(', ')
  expect(load({ ...MINIMAL, TESSERA_ALIASES: text }).aliases).toEqual(entries)
  expect(load(MINIMAL, undefined, { aliases: text }).aliases).toEqual(entries)
})

test('aliases may be 64', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => `/token-${at}=token`).join(',')
  expect(load({ ...MINIMAL, TESSERA_ALIASES: many(64) }).aliases).toHaveLength(64)
  expect(() => load({ ...MINIMAL, TESSERA_ALIASES: many(65) })).toThrow(
    /^TESSERA_ALIASES is .*: must have at most 64 entries$/,
  )
})

test.each([
  'oauth2/token',
  '/',
  '//oauth2/token',
  '/oauth2//token',
  '/oauth2/token//',
  '/oauth2/./token',
  '/oauth2/../token',
  '/oauth2/..',
  '/oauth2%2Ftoken',
  '/%6Fauth2/token',
  '/oauth2/token?x',
  '/oauth2/token#x',
  '/oauth2/token;x',
  '/oauth2\\token',
  '/oauth2 /token',
  '/tokén',
  '/*',
  'https://auth.example.com/oauth2/token',
  `/${'a'.repeat(256)}`,
  '',
])('odd-paths: an alias may not have the path %j', (path) => {
  const file = write('odd.yaml', `aliases: [{ path: /ok, to: token }, ${JSON.stringify({ path, to: 'token' })}]`)
  expect(() => load(MINIMAL, file)).toThrow(
    /odd\.yaml: aliases entry 2, path is .*: must be a path of letters, digits and - \. _ ~ between single slashes/,
  )
})

test.each([
  ['another endpoint', '[{ path: /x, to: tokens }]', /aliases entry 1, to is "tokens": must be one of token, introsp/],
  ['no endpoint', '[{ path: /x }]', /aliases entry 1, to: is required/],
  ['no path', '[{ to: token }]', /aliases entry 1, path: is required/],
  ['a text without =', '[/oauth2/token]', /aliases entry 1 is "\/oauth2\/token": must be path and to, or path=to/],
  ['an unknown field', '[{ path: /x, to: token, advertise: true }]', /aliases.*advertise: there is no such/],
  ['a mapping', '{ path: /x, to: token }', /aliases.*: must be a list/],
])('aliases are refused with their place: %s', (_name, aliases, message) => {
  const file = write('wrong.yaml', `aliases: ${aliases}`)
  expect(() => load(MINIMAL, file)).toThrow(message)
  expect(() => load(MINIMAL, file)).toThrow('wrong.yaml')
})

const DEMO = 'https://auth.example.com/realms/demo'
test.each([
  ['https://auth.example.com', '/as/token.oauth2', 'token'],
  ['https://auth.example.com/', '/pf/JWKS', 'keys'],
  ['https://auth.example.com', '/.well-known/jwks.json', 'keys'],
  [DEMO, '/realms/demo/as/token.oauth2', 'token'],
  [DEMO, '/.well-known/oauth-authorization-server/realms/demo', 'metadata'],
  [`${DEMO}/`, '/realms/demo/.well-known/openid-configuration', 'openid_configuration'],
  [DEMO, '/pf/heartbeat.ping', 'heartbeat'],
])('aliases of %s may not have the path %s', (issuer, path, endpoint) => {
  const env = { ...MINIMAL, TESSERA_ISSUER: issuer, TESSERA_ALIASES: `/x=token,${path}=revocation` }
  expect(() => load(env)).toThrow(
    `aliases entry 2, path is "${path}": is an address of ${endpoint} anyway: remove the entry`,
  )
})

test('aliases of an issuer with a path may have a path that an issuer without one uses', () => {
  const env = { ...MINIMAL, TESSERA_ISSUER: DEMO, TESSERA_ALIASES: '/as/token.oauth2=token' }
  expect(load(env).aliases).toEqual([{ path: '/as/token.oauth2', to: 'token' }])
})

test('aliases may not have one path twice', () => {
  const env = { ...MINIMAL, TESSERA_ALIASES: '/x=token,/y=token,/x=revocation' }
  expect(() => load(env)).toThrow('aliases entry 3, path is "/x": entry 1 has the same path: remove one of them')
})
