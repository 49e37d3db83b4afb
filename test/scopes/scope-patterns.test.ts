import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isValueOf, ScopePatterns } from '../../src/directory/scope-patterns.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 3 })
const pattern = fc.oneof(
  letters,
  fc.array(letters, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('*')),
)
const value = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), maxLength: 8 })

test('the scopes with a * that a name is a value of are found as by trying each, in their order', () => {
  const property = fc.property(
    fc.array(fc.tuple(pattern, fc.boolean()), { maxLength: 12 }),
    value,
    (scopes, wanted) => {
      const entries = scopes.map(([name, wildcard]) => ({ scope: { name, wildcard } }))
      expect(new ScopePatterns(entries).of(wanted)).toEqual(entries.filter(({ scope }) => isValueOf(wanted, scope)))
    },
  )
  fc.assert(property, { numRuns: 3_000 })
})
