import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { loadOptions, readOptions } from '../../src/config/load.ts'
import { optionInfos } from '../../src/config/option-infos.ts'
import { resolveConfig } from '../../src/config/resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'tessera-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

const KEY = Buffer.alloc(32, 7).toString('base64')
const tls = inject('tls')
/** The minimum that a server needs. */
const MINIMAL = {
  TESSERA_ISSUER: 'https://auth.example.com',
  TESSERA_STORAGE: 'sqlite:/var/lib/tessera/tessera.db',
  TESSERA_MASTER_KEY: KEY,
  TESSERA_TLS_CERT: tls.cert,
  TESSERA_TLS_KEY: tls.key,
}

const load = (env: Record<string, string>, file?: string, flags?: Record<string, string>) =>
  resolveConfig(loadOptions({ file, env, ...(flags && { flags }) }))

test('each variable that a command reads is accepted beside the options', () => {
  const read = globSync('src/**/*.ts').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/'(TESSERA_[A-Z_]*[A-Z])'/g)].map(([, name = '']) => name),
  )
  expect(read).toEqual(expect.arrayContaining(['TESSERA_ID_TOKEN', 'TESSERA_TOKEN', 'TESSERA_DEBUG']))
  const options = new Set<string>(optionInfos.map(({ env }) => env))
  const others = Object.fromEntries(read.filter((name) => !options.has(name)).map((name) => [name, 'x']))
  expect(readOptions({ env: others }).mistakes).toEqual([])
})

test('the minimum suffices, and everything else has its default', () => {
  expect(load(MINIMAL)).toMatchObject({
    issuer: 'https://auth.example.com',
    runtime: { host: '0.0.0.0', port: 9031, tls: 'on', trusted_proxies: [] },
    admin: { host: 'localhost', port: 9999 },
    token: { lifetime: 14400 },
    masterKey: Buffer.alloc(32, 7),
  })
})

test('the environment wins over the file, and flags over both', () => {
  const file = write(
    'order.yaml',
    'runtime: { port: 1, tls: off, trusted_proxies: [10.0.0.0/8] }\ntoken: { lifetime: 1 }\n',
  )
  const options = loadOptions({
    file,
    env: { TESSERA_RUNTIME_PORT: '2', TESSERA_TOKEN_LIFETIME: '2' },
    flags: { 'token.lifetime': '3' },
  })
  expect(options).toMatchObject({
    runtime: { port: 2, tls: 'off', trusted_proxies: ['10.0.0.0/8'] },
    token: { lifetime: 3 },
  })
})

test('lists in the environment are separated by commas', () => {
  const options = loadOptions({ env: { TESSERA_RUNTIME_TRUSTED_PROXIES: '10.0.0.1, fd00::/8' } })
  expect(options.runtime.trusted_proxies).toEqual(['10.0.0.1', 'fd00::/8'])
})

test.each([
  'https://auth.example.com/',
  'https://auth.example.com/realms/demo',
  'https://auth.example.com/realms/demo/',
  'https://auth.example.com:8443/a.b_c~d-e',
])('the issuer may be %s', (issuer) => {
  expect(load({ ...MINIMAL, TESSERA_ISSUER: issuer }).issuer).toBe(issuer)
})

test('the variables that Kubernetes sets for services named tessera are ignored', () => {
  const links = {
    TESSERA_SERVICE_HOST: '10.0.0.1',
    TESSERA_SERVICE_PORT_RUNTIME: '9031',
    TESSERA_PORT: 'tcp://10.0.0.1:9031',
    TESSERA_PORT_9031_TCP_ADDR: '10.0.0.1',
    TESSERA_ADMIN_PORT: 'tcp://10.0.0.1:9999',
  }
  expect(load({ ...MINIMAL, ...links }).admin.port).toBe(9999)
})

describe('errors are one line that names the setting, its value and the remedy', () => {
  const without = (name: keyof typeof MINIMAL) => {
    const { [name]: _, ...rest } = MINIMAL
    return rest
  }
  const cases: [string, Record<string, string>, RegExp][] = [
    [
      'an unknown variable',
      { TESSERA_RUNTIME_PROT: '1' },
      /^TESSERA_RUNTIME_PROT: .*did you mean TESSERA_RUNTIME_PORT\?$/,
    ],
    [
      'an issuer over http',
      { ...MINIMAL, TESSERA_ISSUER: 'http://auth.example.com' },
      /^TESSERA_ISSUER is "http:\/\/auth.example.com": must be https/,
    ],
    ...[
      'https://auth.example.com//',
      'https://auth.example.com/realms//demo',
      'https://auth.example.com/realms/../demo',
      'https://auth.example.com/.',
      'https://auth.example.com/realms%2Fdemo',
      'https://auth.example.com/my realm',
      'https://auth.example.com/demo?x',
      'https://auth.example.com/demo#x',
      'https://auth.example.com/demo;x',
      'https://me@auth.example.com/demo',
      'https://auth.example.com:443/demo',
      'https://AUTH.example.com/demo',
      `https://auth.example.com/${'a'.repeat(256)}`,
    ].map((issuer): [string, Record<string, string>, RegExp] => [
      `the issuer ${issuer.slice(0, 50)}`,
      { ...MINIMAL, TESSERA_ISSUER: issuer },
      /^TESSERA_ISSUER is "https:\/\/.*: must be https:\/\/ and a host, perhaps with a path of letters/,
    ]),
    ['a port out of range', { ...MINIMAL, TESSERA_RUNTIME_PORT: '70000' }, /^TESSERA_RUNTIME_PORT is "70000": .*65535/],
    ['a port that isn’t a number', { ...MINIMAL, TESSERA_RUNTIME_PORT: 'x' }, /^TESSERA_RUNTIME_PORT is "x"/],
    ['a lifetime of zero', { ...MINIMAL, TESSERA_TOKEN_LIFETIME: '0' }, /^TESSERA_TOKEN_LIFETIME is "0"/],
    [
      'another database',
      { ...MINIMAL, TESSERA_STORAGE: 'mysql://x' },
      /^TESSERA_STORAGE is "mysql:\/\/x": must be sqlite:/,
    ],
    [
      'a database address with a password, which is not shown',
      { ...MINIMAL, TESSERA_STORAGE: 'postgress://me:se@cr/et@db/x' },
      /^TESSERA_STORAGE is "postgress:\/\/me:\*\*\*@db\/x": must be sqlite:/,
    ],
    ['too few connections', { ...MINIMAL, TESSERA_STORAGE_CONNECTIONS: '3' }, /^TESSERA_STORAGE_CONNECTIONS is "3"/],
    [
      'a proxy given by name',
      { ...MINIMAL, TESSERA_RUNTIME_TRUSTED_PROXIES: 'proxy.local' },
      /^TESSERA_RUNTIME_TRUSTED_PROXIES .*addresses or networks/,
    ],
    [
      'an invalid network',
      { ...MINIMAL, TESSERA_RUNTIME_TRUSTED_PROXIES: '10.0.0.0/33' },
      /^TESSERA_RUNTIME_TRUSTED_PROXIES/,
    ],
    ['no issuer', without('TESSERA_ISSUER'), /^issuer: is required/],
    ['no storage', without('TESSERA_STORAGE'), /^storage: is required/],
    ['no master key', without('TESSERA_MASTER_KEY'), /^master_key_file: is required/],
    ['no certificate', without('TESSERA_TLS_CERT'), /^tls.cert: is required with tls.key/],
    [
      'no TLS and no proxy',
      { ...MINIMAL, TESSERA_RUNTIME_TLS: 'off' },
      /^runtime.tls is "off": name the proxy .*runtime.trusted_proxies/,
    ],
    ['TLS that is neither on nor off', { ...MINIMAL, TESSERA_RUNTIME_TLS: 'maybe' }, /^TESSERA_RUNTIME_TLS is "maybe"/],
  ]
  test.each(cases)('%s', (_name, env, message) => {
    expect(() => load(env)).toThrow(message)
    try {
      load(env)
    } catch (error) {
      expect(String(error)).not.toContain('\n')
    }
  })

  test('the admin listener outside localhost without TLS', () => {
    const { TESSERA_TLS_CERT: _, TESSERA_TLS_KEY: __, ...rest } = MINIMAL
    const plain = { ...rest, TESSERA_RUNTIME_TLS: 'off', TESSERA_RUNTIME_TRUSTED_PROXIES: '10.0.0.1' }
    expect(load(plain).certificate).toBeUndefined()
    expect(() => load({ ...plain, TESSERA_ADMIN_HOST: '0.0.0.0' })).toThrow(/^admin.host is "0.0.0.0"/)
  })

  test('an invalid master key, without showing it', () => {
    const secret = 'not-the-right-length'
    expect(() => load({ ...MINIMAL, TESSERA_MASTER_KEY: secret })).toThrow(/^master_key: must be 32 bytes/)
    expect(() => load({ ...MINIMAL, TESSERA_MASTER_KEY: secret })).not.toThrow(secret)
  })

  test('a master key in a file that others can read', () => {
    const { TESSERA_MASTER_KEY: _, ...rest } = MINIMAL
    const open = write('open.key', KEY, 0o644)
    expect(() => load({ ...rest, TESSERA_MASTER_KEY_FILE: open })).toThrow(
      /master_key_file is ".*open.key": others can read .* chmod 600/,
    )
    expect(load({ ...rest, TESSERA_MASTER_KEY_FILE: write('closed.key', KEY) }).masterKey).toEqual(Buffer.alloc(32, 7))
  })

  test('a database password in a file that others can read; the password ends with its line', () => {
    const open = write('open.password', 'hush\n', 0o644)
    expect(() => load({ ...MINIMAL, TESSERA_STORAGE_PASSWORD_FILE: open })).toThrow(
      /storage_password_file is ".*open.password": others can read/,
    )
    const env = { ...MINIMAL, TESSERA_STORAGE_PASSWORD_FILE: write('closed.password', 'hush \n') }
    expect(load(env).storageAccess).toEqual({
      password: 'hush ',
      connections: 10,
      requestTimeout: 800,
      statementTimeout: 15_000,
    })
  })

  test('a missing file', () => {
    expect(() => load(MINIMAL, join(folder, 'nothing.yaml'))).toThrow(
      /nothing.yaml can't be read: there is no such file/,
    )
    expect(() => load({ ...MINIMAL, TESSERA_TLS_CERT: '/nothing.pem' })).toThrow(
      /^tls.cert is "\/nothing.pem": can't be read/,
    )
  })

  test.each([
    ['an unknown option', 'runtime: { prot: 1 }', /runtime.prot: there is no such option; did you mean runtime.port\?/],
    ['a wrong value', 'runtime: { port: 99999 }', /runtime.port is 99999: /],
    ['a list', '- 1', /must be a mapping/],
    ['broken YAML', 'a: [', /broken.yaml:1:5: /],
    ['a master key beside other settings', `master_key: ${KEY}`, /master_key: give it as TESSERA_MASTER_KEY/],
  ])('in a file: %s', (_name, content, message) => {
    const file = write('broken.yaml', content)
    expect(() => load(MINIMAL, file)).toThrow(message)
    expect(() => load(MINIMAL, file)).toThrow(file)
    expect(() => load(MINIMAL, file)).not.toThrow(KEY)
  })
})

describe('a number option rejects everything else', () => {
  const numbers = optionInfos.filter(({ fallback }) => typeof fallback === 'number')
  const nested = (key: string, value: string) =>
    key
      .split('.')
      .reduceRight(
        (inner, part, at) =>
          `${'  '.repeat(at)}${part}:${at === key.split('.').length - 1 ? ` ${inner}` : `\n${inner}`}`,
        value,
      )

  test('there are number options', () => {
    expect(numbers.length).toBeGreaterThan(10)
  })

  test.each(numbers)('$key', ({ key, env, flag, fallback }) => {
    for (const value of [
      '',
      'null',
      '~',
      'true',
      'false',
      '[600]',
      '[]',
      '{}',
      '"x"',
      '"600 "',
      '007',
      '.inf',
      '1e999',
      '-1',
    ]) {
      const file = write('number.yaml', nested(key, value))
      expect(() => loadOptions({ file, env: {} }), value).toThrow(/number\.yaml:/)
    }
    for (const value of [
      '',
      ' ',
      '600 ',
      ' 600',
      '6e2',
      '0x10',
      '007',
      '+1',
      '-1',
      'true',
      'x',
      '6,0',
      'Infinity',
      'NaN',
    ]) {
      expect(() => loadOptions({ env: { [env]: value } }), value).toThrow(new RegExp(`^${env} is `))
      expect(() => loadOptions({ env: {}, flags: { [key]: value } }), value).toThrow(new RegExp(`^${flag} is `))
    }
    expect(loadOptions({ file: write('number.yaml', nested(key, String(fallback))), env: {} })).toEqual(
      loadOptions({ env: { [env]: String(fallback) } }),
    )
  })
})

test('all errors are reported at once, and list entries by their number', () => {
  const file = write(
    'many.yaml',
    'runtime: { port: , prot: 1 }\noutbound: { allow: [10.0.0.1, l] }\ntoken: { lifetime: 1h }\n',
  )
  expect(() => loadOptions({ file, env: { TESSERA_ADMIN_PORT: 'x', TESSERA_FOO: 'x' } })).toThrow(
    [
      '6 mistakes:',
      '  TESSERA_FOO: there is no such option; `tessera config reference` lists them all',
      `  ${file}: runtime.port: is blank: give it a value, or leave it out`,
      `  ${file}: runtime.prot: there is no such option; did you mean runtime.port?`,
      '  TESSERA_ADMIN_PORT is "x": must be a whole number',
      `  ${file}: token.lifetime is "1h": must be a whole number`,
      `  ${file}: outbound.allow entry 2 is "l": must be addresses or networks, for example 10.0.0.0/8`,
    ].join('\n'),
  )
})
