import { describe, expect, test } from 'vitest'
import { parseManifest } from '../../../src/management/manifest/reading/parse.ts'
import { UserError } from '../../../src/platform/user-error.ts'
import { cpuOf } from '../../harness/cpu.ts'

const parse = (content: string) => parseManifest('m.yaml', content)

function problemOf(content: string): string {
  try {
    parse(content)
    return 'none'
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

const times = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('')

// With quadratic time, 16 times as many keys would take 256 times as long. Linear time takes 16 to 60 times, with garbage collection.
test.each([
  ['keys of one map', (count: number) => times(count, (index) => `a${index}: 1\n`)],
  ['keys of one map in braces', (count: number) => `metadata: {${times(count, (index) => `a${index}: 1,`)}}`],
])('megabyte-fields: the time for a manifest grows only linearly with its length: %s', async (_name, make) => {
  const [small, large] = [make(4_000), make(64_000)]
  const of = (content: string) => cpuOf(() => problemOf(content), { attempts: 5 })
  // The short one goes first, so that the long one finds the code compiled.
  const short = await of(small)
  expect((await of(large)) / short).toBeLessThan(150)
})

describe('megabyte-fields: an oversized manifest is refused, with a line and a message of ours', () => {
  const client = (field: string): string => `clients:\n- client_id: a\n  ${field}\n`
  const brackets = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  const DEEP = /^m\.yaml:1:\d+: brackets or indentation are more than 64 deep$/
  const alias = (index: number): string => `*${index === 0 ? 'a' : `b${index - 1}`}`
  const doubled = times(20, (index) => `b${index}: &b${index} [${alias(index)}, ${alias(index)}]\n`)
  const cases: readonly (readonly [string, string, string | RegExp])[] = [
    ['endless lists', `clients: ${'['.repeat(20_000)}`, DEEP],
    ['nested lists', `clients: ${brackets(20_000)}`, DEEP],
    ['nested lists by hyphens', `${'- '.repeat(20_000)}a`, DEEP],
    [
      'metadata of many levels',
      client(`metadata: { a: ${brackets(17)} }`),
      'm.yaml:3:15: clients[0].metadata.a: must not have over 16 levels of lists and maps',
    ],
    [
      'claims of many levels',
      client(`token: { claims: { a: ${brackets(50)} } }`),
      'm.yaml:3:22: clients[0].token.claims.a: must not have over 16 levels of lists and maps',
    ],
    ['aliases of aliases', `a: &a [x, x]\n${doubled}`, 'm.yaml:18:18: aliases (*) come to more than 1,000,000 values'],
    [
      'an alias without anchor',
      'clients: *none',
      'm.yaml:1:10: an alias (*) has no anchor (&) before it: put it in quotes if it is text that begins with *',
    ],
    ['a key twice', 'apis: []\nclients: []\napis: []', 'm.yaml:3:1: "apis" occurs twice in this mapping'],
    [
      'a key twice, in a nested map',
      client('metadata: { a: 1, b: 2, a: 3 }'),
      'm.yaml:3:27: "a" occurs twice in this mapping',
    ],
  ]
  test.each(cases)('%s', (_name, content, problem) =>
    expect(problemOf(content)).toEqual(problem instanceof RegExp ? expect.stringMatching(problem) : problem),
  )

  test('sixteen levels are accepted', () => {
    expect(problemOf(client(`metadata: { a: ${brackets(16)} }`))).toBe('none')
  })
})
