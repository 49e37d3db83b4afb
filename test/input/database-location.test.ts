import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { parseDatabaseLocation, shownLocation } from '../../src/input/database-location.ts'
import { hasControl } from '../../src/platform/text.ts'
import { parsePostgresUrl } from '../../src/store/postgres/address.ts'

const parse = (location: string) => parsePostgresUrl(location, { password: undefined })

describe('every reader refuses an ambiguous address, in a line without its password', () => {
  test.each<[string, string]>([
    ['a # in the password', 'postgres://tessera:se#cret@db.example.com/tessera'],
    ['a # after digits', 'postgres://tessera:12#secret@db.example.com/tessera'],
    ['a # after an @', 'postgres://tessera:s@ss#secret@db.example.com/tessera'],
    ['a / in the password', 'postgres://tessera:12/secret@db.example.com/tessera'],
    ['a ? in the password', 'postgres://tessera:12?secret@db.example.com/tessera'],
    ['a ? and a = in the password', 'postgres://tessera:12?secret=secret@db.example.com/tessera'],
    ['an @ in the password', 'postgres://tessera:secret@secret@db.example.com/tessera'],
    ['a % that encodes nothing', 'postgres://tessera:secret%@db.example.com/tessera'],
    ['a % that doesn’t encode UTF-8', 'postgres://tessera:secret%ff@db.example.com/tessera'],
    ['a line end in the password', 'postgres://tessera:secret\n@db.example.com/tessera'],
    ['an encoded line end', 'postgres://tessera:secret%0A@db.example.com/tessera'],
    ['no @ at all', 'postgres://tessera:secret/db.example.com/tessera'],
    ['a fragment', 'postgres://tessera:secret@db.example.com/tessera#secret'],
    ['an invalid port', 'postgres://tessera:secret@db.example.com:0/tessera'],
    ['a port out of range', 'postgres://tessera:secret@db.example.com:65536/tessera'],
    ['a gap between hosts', 'postgres://tessera:secret@one:1,,two:2/tessera'],
    ['an @ before the second host', 'postgres://tessera:secret@one:1,secret@two:2/tessera'],
    ['a host with a space', 'postgres://tessera:secret@db example/tessera'],
    ['an invalid IPv6 address', 'postgres://tessera:secret@[::1::2]/tessera'],
    ['two databases', 'postgres://tessera:secret@db/one/two'],
    ['a parameter twice', 'postgres://tessera:secret@db/x?sslmode=disable&sslmode=require'],
    ['a parameter of another database', 'postgres://tessera:secret@db/x?password=secret'],
  ])('%s', (_name, location) => {
    expect(() => parse(location)).toThrow(/^storage: /)
    expect(() => parse(location)).not.toThrow(/secret|\n/)
    expect(shownLocation(location)).not.toContain('secret')
    expect(() => loadOptions({ env: { TESSERA_STORAGE: location } })).toThrow(/^TESSERA_STORAGE is /)
    expect(() => loadOptions({ env: { TESSERA_STORAGE: location } })).not.toThrow(/secret/)
  })
})

test.each([
  ['sqlite:', 'must be sqlite: and a path'],
  ['sqlite:~/tessera.db', 'must be a path without ~'],
  ['sqlite:~', 'must be a path without ~'],
  ['sqlite://tessera.db', 'without // before it'],
  ['sqlite::memory:', 'the path of a file'],
  ['sqlite:file:x?mode=memory', 'the path of a file'],
  ['sqlite:a\0b', 'without control characters'],
  ['mysql://db/x', 'must be sqlite: and a path, or postgres://'],
  ['tessera.db', 'must be sqlite: and a path, or postgres://'],
])('%s is refused', (location, message) => {
  expect(() => parseDatabaseLocation(location)).toThrow(message)
})

test.each([
  ['sqlite:tessera.db', 'tessera.db'],
  ['sqlite:/a b#c?d%20/~x.db', '/a b#c?d%20/~x.db'],
  ['sqlite:///var/lib/tessera.db', '///var/lib/tessera.db'],
])('%s is a literal path', (location, path) => {
  expect(parseDatabaseLocation(location)).toEqual({ kind: 'sqlite', path })
  expect(shownLocation(location)).toBe(location)
})

const word = fc
  .string({ unit: 'binary', minLength: 1 })
  .filter((text) => text.isWellFormed() && !hasControl(text) && !text.includes('\t'))

test('percent-encoded names and passwords are decoded, and the password is not shown', () => {
  fc.assert(
    fc.property(word, word, word, (user, password, database) => {
      const [u, p, d] = [user, password, database].map((text) => encodeURIComponent(text))
      const location = `postgres://${u}:${p}@db.example.com:5433/${d}?sslmode=disable`
      const hosts = [{ host: 'db.example.com', port: 5433 }]
      expect(parse(location)).toMatchObject({ hosts, user, password, database })
      expect(shownLocation(location)).toBe(`postgres://${u}:***@db.example.com:5433/${d}?sslmode=disable`)
    }),
  )
})

test('the password of an address with several hosts is not shown', () => {
  const location = 'postgres://tessera:secret@one:1,[::1]:2,three/tessera?target_session_attrs=read-write'
  expect(shownLocation(location)).toBe(location.replace('secret', '***'))
})

test('an unencoded password is refused or read whole: no piece of it becomes the host', () => {
  const raw = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(raw, (password) => {
      const location = `postgres://tessera:${password}@db.example.com/tessera`
      let host: string | undefined
      try {
        const read = parse(location)
        host = read.hosts[0]?.host
        expect(read.user).toBe('tessera')
      } catch {
        return
      }
      expect(host).toBe('db.example.com')
    }),
    { numRuns: 2_000 },
  )
})
