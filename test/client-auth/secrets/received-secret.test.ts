import { expect, test } from 'vitest'
import { describeSecret } from '../../../src/client-auth/secrets/received-secret.ts'
import { generateSecret } from '../../../src/model/credentials/generate-secret.ts'
import { sha256 } from '../../../src/model/credentials/secret-hash.ts'
import { systemRandom } from '../../../src/platform/random.ts'

const SECRET = generateSecret(systemRandom)
const whole = { form: 'generated', hint: SECRET.slice(-4), digest: sha256(SECRET).slice(0, 16) }
const other = (letter: string | undefined) => (letter === 'a' ? 'b' : 'a')

test.each<[string, string, object]>([
  ['a whole one', SECRET, whole],
  ['white space after it', `${SECRET}\n`, { ...whole, white_space: 'after it' }],
  ['white space before it', `\t${SECRET}`, { ...whole, white_space: 'before it' }],
  ['white space around it', ` ${SECRET} `, { ...whole, white_space: 'around it' }],
  ['quotation marks', `"${SECRET}"`, { ...whole, quotation_marks: true }],
  ['quotation marks with a word before them', `my "${SECRET}"`, { form: 'chosen' }],
  ['quotation marks with a word after them', `"${SECRET}" here`, { form: 'chosen' }],
  ['both', ` '${SECRET} '`, { ...whole, white_space: 'before it', quotation_marks: true }],
  ['without its last letter', SECRET.slice(0, -1), { form: 'cut off' }],
  ['its prefix alone', 'tss_', { form: 'cut off' }],
  ['without its first letter', SECRET.slice(1), { form: 'chosen' }],
  ['twice', SECRET + SECRET, { form: 'too long' }],
  ['with another letter', SECRET.slice(0, 9) + other(SECRET[9]) + SECRET.slice(10), { form: 'mistyped' }],
  ['with a letter that none has', `${SECRET.slice(0, 9)}-${SECRET.slice(10)}`, { form: 'mistyped' }],
  ['with a letter more', `${SECRET}a`, { form: 'too long' }],
  ['a JWT', 'eyJhbGciOiJFUzI1NiJ9.e30.x', { form: 'token' }],
  ['a sealed token', `tsa_${'a'.repeat(80)}`, { form: 'token' }],
  ['a chosen one', 'correct horse battery staple', { form: 'chosen' }],
  ['a chosen one with the beginnings of others inside', 'my tss_ eyJ tsa_ word', { form: 'chosen' }],
  ['a chosen one with a line end', 'Summer2026\r\n', { form: 'chosen', white_space: 'after it' }],
  ['nothing', '', { form: 'chosen' }],
  ['only blanks', '   ', { form: 'chosen', white_space: 'around it' }],
  ['the largest body', 'x'.repeat(64 * 1024), { form: 'chosen' }],
])('%s', (_name, secret, expected) => {
  expect(describeSecret(secret)).toEqual(expected)
})

test('a chosen secret leaves nothing of itself, not even its length', () => {
  const described = (secret: string) => JSON.stringify(describeSecret(secret))
  expect(new Set(['a', 'Summer2026', 'Summer2027', 'x'.repeat(1_000)].map(described)).size).toBe(1)
})
