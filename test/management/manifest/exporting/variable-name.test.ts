import fc from 'fast-check'
import { expect, test } from 'vitest'
import { variableName } from '../../../../src/management/manifest/exporting/variable-name.ts'
import { manifestCredentialSchema } from '../../../../src/management/schemas/credential.ts'

test.each([
  ['billing', 'current', 'SECRET_BILLING__CURRENT'],
  ['cc-client', '', 'SECRET_CC_CLIENT'],
  ['Billing', 'current', /^SECRET_BILLING__CURRENT___[0-9A-F]{16}$/],
  ['é', '漢', /^SECRET_{6}[0-9A-F]{16}$/],
])('%s, %s', (client, label, name) => {
  expect(variableName(client, label)).toMatch(name)
})

const text = fc.oneof(
  fc.stringMatching(/^[aA1 ._-]{1,4}$/),
  fc.string({ minLength: 1, maxLength: 256, unit: 'binary' }),
  fc.constantFrom('tss_abcdefghijklmn', 'eyJabcdefghijkl', 'x'.repeat(256)),
)

test('every name is a valid variable, and different credentials have different ones', () => {
  const names = new Map<string, string>()
  fc.assert(
    fc.property(text, fc.oneof(fc.constant(''), text), (client, label) => {
      const name = variableName(client, label)
      expect(manifestCredentialSchema.safeParse({ secret_env: name }).error).toBeUndefined()
      const credential = JSON.stringify([client, label])
      expect(names.get(name) ?? credential).toBe(credential)
      names.set(name, credential)
    }),
    { numRuns: 3_000 },
  )
})
