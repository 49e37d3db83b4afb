import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DynamicScopes, isValueOf } from '../../src/directory/dynamic-scopes.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 3 })
const pattern = fc.oneof(
  letters,
  fc.tuple(letters, letters).map(([before, after]) => `${before}*${after}`),
)
const value = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), maxLength: 8 })

test('the dynamic scopes that a name is a value of are found as by trying each, in their order', () => {
  const property = fc.property(fc.array(pattern, { maxLength: 12 }), value, (names, wanted) => {
    const entries = names.map((name) => ({ scope: { name } }))
    expect(new DynamicScopes(entries).of(wanted)).toEqual(entries.filter(({ scope }) => isValueOf(wanted, scope.name)))
  })
  fc.assert(property, { numRuns: 3_000 })
})
