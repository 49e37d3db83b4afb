import { describe, expect, test } from 'vitest'
import { matchesImported, readImportedHash } from '../../../src/model/credentials/imported-hash.ts'
import { formatHash, parseHash } from '../../../src/model/credentials/secret-hash.ts'
import { bcryptHash, pbkdf2Hash } from '../../harness/imported.ts'

const RIGHT = 'correct horse'

// The first two are from the tests of golang.org/x/crypto, which Hydra uses; the others were made by the harness.
const hashes: [name: string, secret: string, hash: string][] = [
  ['bcrypt of Go', 'allmine', '$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga'],
  ['bcrypt with letters beyond ASCII', 'pässwörd €', bcryptHash('pässwörd €')],
  ['bcrypt of 72 bytes', 'x'.repeat(72), bcryptHash('x'.repeat(72))],
  ...['2a', '2b', '2y'].map((version): [string, string, string] => [version, RIGHT, bcryptHash(RIGHT, version)]),
  ['PBKDF2 as Hydra makes it', RIGHT, pbkdf2Hash(RIGHT, { iterations: 25_000 })],
  ['PBKDF2 with SHA-512', RIGHT, pbkdf2Hash(RIGHT, { prf: 'sha512', length: 64 })],
  ['PBKDF2 of two blocks', RIGHT, pbkdf2Hash(RIGHT, { length: 64 })],
]

test.each(hashes)('%s is read, stored and matched', async (_name, secret, text) => {
  const { hash, fault } = readImportedHash(text)
  expect(fault).toBeUndefined()
  if (hash === undefined) return
  expect(parseHash(formatHash(hash))).toEqual(hash)
  expect(await matchesImported(hash, secret)).toBe(true)
  expect(await matchesImported(hash, `${secret}!`)).toBe(false)
  expect(await matchesImported(hash, '')).toBe(false)
})

test('a NUL ends no secret', async () => {
  const { hash } = readImportedHash(bcryptHash('one\0two'))
  if (hash === undefined) throw new Error('the hash is not read')
  expect(await matchesImported(hash, 'one\0two')).toBe(true)
  expect(await matchesImported(hash, 'one')).toBe(false)
})

test('bcrypt does not cut a secret of more than 72 bytes: it is wrong', async () => {
  const { hash } = readImportedHash(bcryptHash('é'.repeat(36)))
  if (hash === undefined) throw new Error('the hash is not read')
  expect(await matchesImported(hash, 'é'.repeat(36))).toBe(true)
  expect(await matchesImported(hash, `${'é'.repeat(36)}x`)).toBe(false)
})

describe('a hash is refused', () => {
  const good = pbkdf2Hash(RIGHT)
  const salted = (bytes: number) => pbkdf2Hash(RIGHT, { salt: Buffer.alloc(bytes) })
  const refused: [name: string, text: string, fault: RegExp][] = [
    ['that is no hash', RIGHT, /must be a hash of PBKDF2/],
    ['of Argon2', '$argon2id$v=19$m=65536,t=1,p=1$c2FsdHNhbHQ$aGFzaA', /must be a hash of PBKDF2/],
    ['with SHA-1', good.replace('sha256', 'sha1'), /must be a hash of PBKDF2/],
    ['with SHA-3, which Hydra calls sha384', good.replace('sha256', 'sha384'), /must be a hash of PBKDF2/],
    ['with text before it', ` ${good}`, /must be a hash of PBKDF2/],
    ['with a line end', `${good}\n`, /must be a hash of PBKDF2/],
    ['with no iteration', good.replace('i=1000', 'i=0'), /must be a hash of PBKDF2/],
    ['with padding', `${good}=`, /must be a hash of PBKDF2/],
    ['with base64url', good.replace(/\$[^$]+$/, `$${'_'.repeat(43)}`), /must be a hash of PBKDF2/],
    ['with loose bits', good.replace(/.$/, '9'), /not base64/],
    ['of another length', good.replace('l=32', 'l=31'), /not as long as its l/],
    ['with a short salt', salted(7), /a salt of 8 to 64 bytes/],
    ['with a long salt', salted(65), /a salt of 8 to 64 bytes/],
    ['with a short digest', pbkdf2Hash(RIGHT, { length: 15 }), /a digest of 16 to 64 bytes/],
    ['with a long digest', pbkdf2Hash(RIGHT, { length: 65 }), /a digest of 16 to 64 bytes/],
    ['with too many iterations', good.replace('i=1000', 'i=600001'), /more than one scrypt.* at most 600000 iter/],
    [
      'with too many iterations for two blocks',
      pbkdf2Hash(RIGHT, { length: 33 }).replace('i=1000', 'i=300001'),
      /at most 300000 iterations/,
    ],
    [
      'with too many iterations of SHA-512',
      pbkdf2Hash(RIGHT, { prf: 'sha512' }).replace('i=1000', 'i=210001'),
      /at most 210000 iterations/,
    ],
    ['with a cost of bcrypt that is too high', bcryptHash(RIGHT).replace('$04$', '$12$'), /a cost of at most 11/],
    ['with a cost of bcrypt that is too low', bcryptHash(RIGHT).replace('$04$', '$03$'), /must be a hash of PBKDF2/],
    ['of a broken version of bcrypt', bcryptHash(RIGHT).replace('$2b$', '$2x$'), /must be a hash of PBKDF2/],
    ['of bcrypt cut short', bcryptHash(RIGHT).slice(0, -1), /must be a hash of PBKDF2/],
    ['of bcrypt with loose bits in the salt', bcryptHash(RIGHT).replace('uu', 'uv'), /must be a hash of PBKDF2/],
  ]
  test.each(refused)('%s', (_name, text, fault) => {
    const read = readImportedHash(text)
    expect(read.fault).toMatch(fault)
    expect(read.fault).not.toContain(text.slice(-20))
    expect(() => parseHash(text)).toThrow('a stored secret hash is not readable')
  })

  test('unless it costs exactly as much as it may', () => {
    const most = [
      good.replace('i=1000', 'i=600000'),
      pbkdf2Hash(RIGHT, { prf: 'sha512', length: 64 }).replace('i=1000', 'i=210000'),
      bcryptHash(RIGHT).replace('$04$', '$11$'),
    ]
    for (const text of most) expect(readImportedHash(text).fault).toBeUndefined()
  })
})
