import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isValueOf, ScopePatterns } from '../../src/model/scope-patterns.ts'
import { expectCheap } from '../harness/cpu.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 3 })
const pattern = fc.oneof(
  letters,
  fc.array(letters, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('*')),
)
const value = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), maxLength: 8 })

test('finds the wildcard scopes for a value, as trying each in order would', () => {
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

test.each([
  ['begin alike', (index: number) => `tenant:*:operation${index}`],
  ['end alike', (index: number) => `tenant${index}:*:operation`],
  ['have several *', (index: number) => `tenant${index}:*:*:operation${index}`],
])(
  'megabyte-fields: a full request of values is cheap to find among thousands of scopes that %s',
  async (_ends, nameOf) => {
    const patterns = new ScopePatterns(
      Array.from({ length: 3_000 }, (_, index) => ({ scope: { name: nameOf(index) } })),
    )
    // The most and longest values that a form of 64 KiB can have.
    const values = Array.from({ length: 500 }, (_, index) => nameOf(index).replaceAll('*', 'x'.repeat(50)))
    expect(values.map((value) => patterns.of(value).length)).toEqual(values.map(() => 1))
    await expectCheap(() => values.map((value) => patterns.of(value)))
  },
)
