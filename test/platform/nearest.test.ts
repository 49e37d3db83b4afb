import { expect, test } from 'vitest'
import { nearest } from '../../src/platform/nearest.ts'

test.each<[string, readonly string[], string | undefined]>([
  ['clints', ['clients', 'credentials'], 'clients'],
  ['plian', ['plain', 'other'], 'plain'],
  ['edti', ['edit', 'read'], 'edit'],
  ['order:read', ['orders:read', 'orders:write'], 'orders:read'],
  ['ab', ['cd'], undefined],
  ['decode', ['revoke'], undefined],
  ['', ['a'], 'a'],
  ['x'.repeat(100_000), ['clients'], undefined],
])('%j among %j', (given, words, meant) => {
  expect(nearest(given, words)).toBe(meant)
})
