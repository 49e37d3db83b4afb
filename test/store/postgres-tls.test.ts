import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { MOST_HOSTS } from '../../src/input/database-location.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { parsePostgresUrl } from '../../src/store/postgres/address.ts'
import { ACCESS } from '../harness/access.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'

/** The names of so many hosts. */
const many = (count: number) => Array.from({ length: count }, (_, n) => `db${n}`).join(',')

const parse = (location: string) => parsePostgresUrl(location, { password: 'from a file' })

describe('the address of a PostgreSQL database', () => {
  test('is read as libpq reads it', () => {
    expect(parse('postgres://us%65r:p%40ss@db.example.com:6432/tess%20era?sslmode=disable')).toEqual({
      hosts: [{ host: 'db.example.com', port: 6432 }],
      isRandom: false,
      user: 'user',
      password: 'p@ss',
      database: 'tess era',
      ssl: false,
    })
    expect(parse('postgresql:///tessera?host=/run/postgresql&user=me')).toMatchObject({
      hosts: [{ host: '/run/postgresql', port: 5432 }],
      user: 'me',
      password: 'from a file',
      ssl: false,
    })
    expect(parse('postgres://[::1]/x')).toMatchObject({ hosts: [{ host: '::1', port: 5432 }], ssl: false })
  })

  test('requires the name of a remote server to match when sslmode is missing', () => {
    expect(parse('postgres://db.example.com/x').ssl).toEqual({})
    expect(parse('postgres://10.0.0.1/x').ssl).toEqual({})
    // A name, which may lead anywhere.
    expect(parse('postgres://127.0.0.1.example.com/x').ssl).toEqual({})
    for (const here of ['localhost', '127.0.0.1']) expect(parse(`postgres://${here}/x`).ssl).toBe(false)
  })

  test('may name several hosts, each with its port, and in any of their forms', () => {
    const lists: [string, [string, number][]][] = [
      [
        'postgres://u:p@one:6432,two,[2001:db8::1]:6433,10.0.0.1/x',
        [
          ['one', 6432],
          ['two', 5432],
          ['2001:db8::1', 6433],
          ['10.0.0.1', 5432],
        ],
      ],
      [
        'postgres://%2Frun%2Fa,%2Frun%2Fb:6432/x',
        [
          ['/run/a', 5432],
          ['/run/b', 6432],
        ],
      ],
      [
        'postgres:///x?host=one,two',
        [
          ['one', 5432],
          ['two', 5432],
        ],
      ],
      [
        'postgres://:6432/x?host=one,two',
        [
          ['one', 6432],
          ['two', 6432],
        ],
      ],
      ['postgres:///x', [['localhost', 5432]]],
      [`postgres://${many(MOST_HOSTS)}/x`, Array.from({ length: MOST_HOSTS }, (_, n) => [`db${n}`, 5432])],
    ]
    for (const [location, expected] of lists)
      expect(parse(location).hosts, location).toEqual(expected.map(([host, port]) => ({ host, port })))
    expect(parse('postgres://one,two/x?target_session_attrs=read-write&load_balance_hosts=random').isRandom).toBe(true)
    expect(parse('postgres://one,two/x?load_balance_hosts=disable').isRandom).toBe(false)
  })

  test('requires TLS if one of several hosts is remote', () => {
    expect(parse('postgres://localhost,[::1]:5433/x').ssl).toBe(false)
    expect(parse('postgres://localhost,db.example.com/x').ssl).toEqual({})
  })

  const attributes = ['any', 'read-only', 'primary', 'standby', 'prefer-standby']
  test.each(attributes)('target_session_attrs=%s is refused', (value) => {
    expect(() => parse(`postgres://u:secret@one,two/x?target_session_attrs=${value}`)).toThrow(
      'storage: target_session_attrs must be read-write: Tessera uses only a server that accepts writes',
    )
  })

  const refused: [string, string, RegExp][] = [
    ['text that is no address', 'postgres://user:secret@ho st/x', /must be postgres:\/\//],
    ['a password with a bare percent sign', 'postgres://u:secret%zz@h/x', /must be postgres:\/\//],
    ['a list with a gap', 'postgres://u:secret@one,,two/x', /a host before and after each comma/],
    ['a list that ends with a comma', 'postgres://u:secret@one,/x', /a host before and after each comma/],
    ['a list with a port alone', 'postgres://u:secret@one,:5433/x', /a host before and after each comma/],
    ['a list with a gap in its parameter', 'postgres:///x?host=one,,two', /a host before and after each comma/],
    ['a bad port of the second host', 'postgres://u:secret@one,two:65536/x', /a port from 1 to 65535/],
    ['too many hosts', `postgres://u:secret@${many(MOST_HOSTS + 1)}/x`, /at most 16 hosts/],
    ['an unknown order of hosts', 'postgres://one,two/x?load_balance_hosts=yes', /must be one of disable, random/],
    ['a mode that allows a fallback without TLS', 'postgres://u:secret@h/x?sslmode=prefer', /one of disable, require/],
    ['an unknown parameter', 'postgres://u:secret@h/x?sslmod=disable', /no parameter sslmod/],
    ['verify-ca without a CA file', 'postgres://u:secret@h/x?sslmode=verify-ca', /needs sslrootcert/],
    [
      'a CA file that doesn’t exist',
      'postgres://u:secret@h/x?sslrootcert=/nowhere',
      /sslrootcert: \/nowhere can't be read: there is no such file/,
    ],
    ['a certificate without key', 'postgres://u:secret@h/x?sslcert=/nowhere', /need each other/],
  ]
  test.each(refused)('%s is refused in one line without the password', (_name, location, message) => {
    expect(() => parse(location)).toThrow(message)
    expect(() => parse(location)).not.toThrow(/secret|\n/)
  })
})

describe('TLS', () => {
  let postgres: TestPostgres
  const folder = mkdtempSync(join(tmpdir(), 'tessera-tls-'))
  const others = join(folder, 'others.pem')
  writeFileSync(others, rootCertificates[0] ?? '')
  beforeAll(async () => {
    postgres = await startPostgres(inject('tls'))
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await postgres.stop()
  })

  const ca = encodeURIComponent(inject('tls').ca)
  const ours = `sslrootcert=${ca}`
  const described = join(folder, 'described.pem')
  writeFileSync(described, Buffer.concat([Buffer.from('Büro\n', 'latin1'), readFileSync(inject('tls').ca)]))
  const encrypted = join(folder, 'encrypted.pem')
  const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'hush' } as const
  writeFileSync(encrypted, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(cipher))
  const asClient = `sslcert=${encodeURIComponent(inject('tls').cert)}&sslkey=${encodeURIComponent(encrypted)}`
  const theirs = `sslrootcert=${encodeURIComponent(others)}`
  const cases: [string, string, string, RegExp | undefined][] = [
    ['verify-full, with the right CA', 'localhost', `sslmode=verify-full&${ours}`, undefined],
    ['verify-full, under another name', '[::ffff:127.0.0.1]', `sslmode=verify-full&${ours}`, /altnames|cert's list/],
    [
      'verify-full, with a CA file with text in another encoding',
      'localhost',
      `sslmode=verify-full&sslrootcert=${encodeURIComponent(described)}`,
      undefined,
    ],
    ['an encrypted key', 'localhost', `sslmode=verify-full&${ours}&${asClient}`, /bad decrypt/],
    ['verify-full, with another CA', 'localhost', `sslmode=verify-full&${theirs}`, /self-signed/],
    ['verify-ca', 'localhost', `sslmode=verify-ca&${ours}`, undefined],
    ['require, which verifies nothing', 'localhost', 'sslmode=require', undefined],
    ['require with a CA file, which verifies the chain', 'localhost', `sslmode=require&${ours}`, undefined],
    ['none', 'localhost', 'sslmode=disable', undefined],
  ]
  test.each(cases)('%s', async (_name, host, parameters, message) => {
    const url = `postgres://postgres:postgres@${host}:${postgres.port}/postgres?${parameters}`
    if (message !== undefined) {
      await expect(openStore(url, systemClock, ACCESS)).rejects.toMatchObject({
        reason: 'storage_unavailable',
        cause: { message: expect.stringMatching(message) },
      })
      return
    }
    const store = await openStore(url, systemClock, ACCESS)
    await store.ping()
    const rows = await postgres.query(
      `select ssl as tls from pg_stat_ssl join pg_stat_activity using (pid)
      where application_name = 'tessera' order by backend_start desc limit 1`,
    )
    expect(rows).toEqual([{ tls: !parameters.includes('disable') }])
    await store.close()
  })
})
