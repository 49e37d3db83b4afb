import { describe, expect, test } from 'vitest'
import { readYaml } from '../../src/input/yaml.ts'
import { parseManifest } from '../../src/management/manifest/reading/parse.ts'
import { parseTrustFile } from '../../src/management/manifest/reading/trust-file.ts'

const yamlOf = (text: string): unknown => readYaml('f.yaml', text).value

describe('accepted YAML', () => {
  test.each<[string, string, unknown]>([
    [
      'text, numbers, booleans and null',
      'a: x\nb: 1\nc: -1.5\nd: true\ne:\nf: null',
      { a: 'x', b: 1, c: -1.5, d: true, e: null, f: null },
    ],
    ['numbers of other bases', 'a: 0x1F\nb: 0o17', { a: 31, b: 15 }],
    [
      'values that YAML 1.1 would read otherwise',
      'a: yes\nb: no\nc: 12:30:45\nd: 1_000\ne: 2030-01-01',
      { a: 'yes', b: 'no', c: '12:30:45', d: '1_000', e: '2030-01-01' },
    ],
    ['a byte order mark', '\ufeffa: 1', { a: 1 }],
    [
      'tags that state the type that a value has anyway',
      'a: !!str 5\nb: !!int "5"\nc: ! 5\nd: !!seq [1]\ne: !!map {}',
      { a: '5', b: 5, c: '5', d: [1], e: {} },
    ],
    ['the directive of its own version', '%YAML 1.2\n---\na: 1', { a: 1 }],
    ['an alias', 'a: &x [1]\nb: *x', { a: [1], b: [1] }],
    ['a redefined anchor', '- &x 1\n- *x\n- &x 2\n- *x', [1, 1, 2, 2]],
    ['an alias of a part', 'a: {b: &x {c: 1}}\nd: *x', { a: { b: { c: 1 } }, d: { c: 1 } }],
    [
      'a merge key, which written members override',
      'a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x',
      { a: { b: 1, c: 2 }, d: { c: 3, b: 1 } },
    ],
    [
      'a merge key with several mappings, of which the first wins',
      'a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: { <<: [*x, *y] }',
      { a: { b: 1 }, c: { b: 2, d: 3 }, e: { b: 1, d: 3 } },
    ],
    ['a quoted merge key, which is an ordinary name', '"<<": 1', { '<<': 1 }],
    ['numbers as names, kept as written', '0x10: a\n1.0: b', { '0x10': 'a', '1.0': 'b' }],
    ['no document', '# nothing\n', undefined],
  ])('%s', (_name, text, value) => {
    expect(yamlOf(text)).toEqual(value)
  })

  test('a name that is special to JavaScript is an ordinary name', () => {
    const value = yamlOf('__proto__: { admin: true }\nconstructor: 1')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor'])
  })

  test('every value has a place, also through aliases and merge keys', () => {
    const { placeOf } = readYaml('f.yaml', 'a: &x\n  b: [1, 2]\nc: *x\nd:\n  <<: *x\n  e: 1')
    expect(placeOf(['a', 'b', 1])).toEqual({ line: 2, column: 10 })
    expect(placeOf(['c', 'b', 1])).toEqual({ line: 2, column: 10 })
    expect(placeOf(['d', 'b'])).toEqual({ line: 2, column: 3 })
    expect(placeOf(['d', 'e', 'nothing'])).toEqual({ line: 6, column: 3 })
    expect(placeOf(['nothing'])).toEqual({ line: 1, column: 1 })
  })

  test('a thousand clients share an anchor’s value', () => {
    const clients = Array.from({ length: 1_000 }, (_, index) => `  - { client_id: c${index}, scopes: *std }`)
    const text = `clients:\n  - { client_id: first, scopes: &std [a, b] }\n${clients.join('\n')}`
    expect(parseManifest('m.yaml', text).manifest.clients.at(-1)).toMatchObject({
      client_id: 'c999',
      scopes: ['a', 'b'],
    })
  })
})

/** Ten times ten, repeated. */
const laughs = (times: number): string =>
  [
    '- &a0 [x]',
    ...Array.from({ length: times }, (_, index) => `- &a${index + 1} [${Array(10).fill(`*a${index}`).join(',')}]`),
  ].join('\n')

const refused: readonly [string, string, string][] = [
  ['a tag of a vault', 'a: 1\nb: { c: !vault x }', 'f.yaml:2:9: a tag (!) is not supported: write the value itself'],
  ['a tag before a list', 'a: !env [x]', 'f.yaml:1:4: a tag (!) is not supported: write the value itself'],
  ['a tag before a mapping', 'a: !env\n  b: 1', 'f.yaml:1:4: a tag (!) is not supported: write the value itself'],
  ['a tag before nothing', 'a: !env', 'f.yaml:1:4: a tag (!) is not supported: write the value itself'],
  ['a tag before a name', '!x a: 1', 'f.yaml:1:1: a tag (!) is not supported: write the value itself'],
  [
    'a tag in its long form',
    'a: !<tag:example.com,2026:x> b',
    'f.yaml:1:4: a tag (!) is not supported: write the value itself',
  ],
  ['a tag of a block', 'a: !vault |\n  x\n', 'f.yaml:1:4: a tag (!) is not supported: write the value itself'],
  ['bytes', 'a: !!binary aGVsbG8=', 'f.yaml:1:4: a tag (!) is not supported: write the value itself'],
  ['a time', 'a: !!timestamp 2026-01-01', 'f.yaml:1:4: a tag (!) is not supported: write the value itself'],
  ['a set', 'a: !!set { x }', 'f.yaml:1:4: a tag (!) is not supported: write the value itself'],
  ['a tag that does not fit', 'a: !!int x', 'f.yaml:1:4: a tag (!) does not fit the value'],
  ['an alias without its anchor', 'a: *x', 'f.yaml:1:4: an alias (*) has no anchor (&) before it'],
  ['an alias before its anchor', 'a: *x\nb: &x 1', 'f.yaml:1:4: an alias (*) has no anchor (&) before it'],
  ['an alias within its own anchor', 'a: &x [*x]', 'f.yaml:1:8: an alias (*) is inside the value that it refers to'],
  ['an alias for a name', 'a: &x b\n*x : c', 'f.yaml:2:1: a name must be text'],
  ['a billion laughs', laughs(9), 'aliases (*) come to more than 1,000,000 values'],
  [
    'deeply chained aliases',
    Array.from({ length: 99 }, (_, i) => `a${i}: &a${i} [${i > 0 ? `*a${i - 1}` : ''}]`).join('\n'),
    'brackets or indentation are more than 64 deep',
  ],
  ['a merge key of text', 'a: { <<: x }', 'f.yaml:1:6: << must be followed by a mapping'],
  ['a name twice', 'a: 1\nb: 2\na: 3', 'f.yaml:3:1: "a" occurs twice in this mapping'],
  ['a name twice, in two spellings', 'a: 1\n"a": 2', 'f.yaml:2:1: "a" occurs twice in this mapping'],
  ['a merge key twice', 'a: &x {b: 1}\nc: { <<: *x, <<: *x, d: 1, d: 2 }', 'f.yaml:2:28: "d" occurs twice'],
  [
    'several documents',
    'a: 1\n---\nb: 2',
    'f.yaml:2:1: there are several documents, with --- between them: put each in a file of its own',
  ],
  ['a directive of another version', '%YAML 1.1\n---\na: yes', 'f.yaml:1:1: YAML 1.1 is not supported'],
  ['a directive', '%FOO x\n---\na: 1', 'f.yaml:1:1: a line that begins with % is not supported'],
  ['no number', 'a: .nan', 'f.yaml:1:4: a number must be finite'],
  ['an infinite number', 'a: -.inf', 'f.yaml:1:4: a number must be finite'],
  ['a number out of range', 'a: 1e400', 'f.yaml:1:4: a number must be finite'],
  ['a number that would be rounded', 'a: 123456789012345678', 'f.yaml:1:4: a number is too large: put it in quotes'],
  ['a number with a leading zero', 'a: 0042', 'f.yaml:1:4: a number begins with a zero'],
  ['an unfilled template', 'a: {{ x }}', 'f.yaml:1:5: a name must be text: is this a template'],
  ['an empty name', ': x', 'f.yaml:1:1: a name is missing before the colon'],
  ['null for a name', 'null: x', 'f.yaml:1:1: the names true, false and null must be in quotes'],
  ['true for a name', 'true: x', 'f.yaml:1:1: the names true, false and null must be in quotes'],
  ['a control character', 'a: x\0y', 'f.yaml:1:5: the text has a control character'],
  ['a lone surrogate', 'a: "\\ud800"', 'f.yaml:1:4: the text has half of a character'],
  ['a tab for indentation', 'a:\n\tb: 1', 'f.yaml:2:1: a tab is used for indentation: use spaces'],
  ['an unclosed quote', 'a: "x', 'a quote, a colon, a comma or a bracket is missing'],
  ['an unclosed bracket', 'a: [x', 'the indentation is wrong, or a bracket is not closed'],
  ['two names on a line', 'a: b: c', 'f.yaml:1:4: a second "name: value" on one line'],
  ['a value that begins with an at sign', 'a: @b', 'f.yaml:1:4: a value may not begin with @'],
  ['an unknown escape', 'a: "\\d"', 'f.yaml:1:5: the text in quotes has an unknown escape'],
  ['a hundred thousand brackets', '['.repeat(100_000), 'brackets or indentation are more than 64 deep'],
  [
    'sixty-five brackets',
    `${'['.repeat(65)}${']'.repeat(65)}`,
    'f.yaml:1:65: brackets or indentation are more than 64 deep',
  ],
]

describe('refused YAML, with lines of ours and their places', () => {
  test.each(refused)('%s', (_name, text, message) => {
    expect(() => yamlOf(text)).toThrow(message)
    try {
      yamlOf(text)
    } catch (error) {
      const lines = String(error)
        .split('\n')
        .filter((line) => !line.endsWith(' mistakes:'))
      for (const line of lines) expect(line).toMatch(/f\.yaml:\d+:\d+: \S/)
    }
  })

  test.each(refused)('%s, in any place of a file', (_name, text, _message) => {
    for (const read of [parseManifest, parseTrustFile]) expect(() => read('f.yaml', text)).toThrow(/f\.yaml:\d+/)
  })

  test('refusing aliases takes a time that doesn’t grow with their expansion', () => {
    const cpu = process.cpuUsage()
    expect(() => yamlOf(laughs(40))).toThrow(/aliases/)
    const { user, system } = process.cpuUsage(cpu)
    expect((user + system) / 1000).toBeLessThan(1_000)
  })
})
