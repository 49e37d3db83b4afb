import { expect, test } from 'vitest'
import { configDigest } from '../../src/config/digest.ts'
import { loadOptions } from '../../src/config/load.ts'

const digestWith = (flags: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
  configDigest(loadOptions({ env, flags: { issuer: 'https://auth.example.com', ...flags } }))

const FILE = '[{ "name": "siem", "kind": "file", "path": "one" }]'

test.each<[string, Record<string, string>, Record<string, string>]>([
  ['ports and addresses', { 'runtime.port': '1', 'admin.host': '::1' }, { 'runtime.port': '2', 'admin.host': 'here' }],
  ['files', { 'tls.cert': 'one.pem', data: 'one' }, { 'tls.cert': 'two.pem', data: 'two' }],
  ['files of exports', { 'audit.export': FILE }, { 'audit.export': FILE.replace('one', 'two') }],
  ['the address of the database', { storage: 'postgres://a:b@one/db' }, { storage: 'postgres://a:c@two/db' }],
  ['the number of workers', { workers: '1' }, { workers: '4' }],
])('nodes may differ in %s', (_, one, other) => {
  expect(digestWith(one)).toBe(digestWith(other))
})

test('nodes may differ in secrets', () => {
  expect(digestWith({}, { TESSERA_MASTER_KEY: 'a' })).toBe(digestWith({}, { TESSERA_MASTER_KEY: 'b' }))
})

test.each<[string, Record<string, string>]>([
  ['the lifetime of tokens', { 'token.lifetime': '60' }],
  ['the issuer', { issuer: 'https://other.example.com' }],
  ['proxies', { 'runtime.trusted_proxies': '10.0.0.0/8' }],
  ['aliases', { aliases: '/oauth2/token=token' }],
  ['exports', { 'audit.export': FILE }],
])('%s makes another digest', (_, changed) => {
  expect(digestWith(changed)).not.toBe(digestWith({}))
})
