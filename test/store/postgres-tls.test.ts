import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { parsePostgresUrl } from '../../src/store/postgres/address.ts'
import { ACCESS } from '../harness/access.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'

const parse = (location: string) => parsePostgresUrl(location, { password: 'from a file' })

describe('the address of a PostgreSQL database', () => {
  test('is read as libpq reads it', () => {
    expect(parse('postgres://us%65r:p%40ss@db.example.com:6432/tess%20era?sslmode=disable')).toEqual({
      host: 'db.example.com',
      port: 6432,
      user: 'user',
      password: 'p@ss',
      database: 'tess era',
      ssl: false,
    })
    expect(parse('postgresql:///tessera?host=/run/postgresql&user=me')).toMatchObject({
      host: '/run/postgresql',
      user: 'me',
      password: 'from a file',
      ssl: false,
    })
    expect(parse('postgres://[::1]/x')).toMatchObject({ host: '::1', port: 5432, ssl: false })
  })

  test('requires the name of a remote server to match when sslmode is missing', () => {
    expect(parse('postgres://db.example.com/x').ssl).toEqual({})
    expect(parse('postgres://10.0.0.1/x').ssl).toEqual({})
    for (const here of ['localhost', '127.0.0.1']) expect(parse(`postgres://${here}/x`).ssl).toBe(false)
  })

  const refused: [string, string, RegExp][] = [
    ['text that is no address', 'postgres://user:secret@ho st/x', /must be postgres:\/\//],
    ['a password with a bare percent sign', 'postgres://u:secret%zz@h/x', /must be postgres:\/\//],
    ['several hosts', 'postgres://one:1,two:2/x', /must be postgres:\/\//],
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
  const theirs = `sslrootcert=${encodeURIComponent(others)}`
  const cases: [string, string, string, RegExp | undefined][] = [
    ['verify-full, with the right CA', 'localhost', `sslmode=verify-full&${ours}`, undefined],
    ['verify-full, under another name', '[::ffff:127.0.0.1]', `sslmode=verify-full&${ours}`, /altnames|cert's list/],
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
