import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placesIn } from '../../src/input/places.ts'
import { readYamlDocuments } from '../../src/input/yaml.ts'

/** The place of an offset, by counting. */
const counted = (text: string, offset: number) => {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

test('every offset of a text has the place that counting gives', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('\n', '\r\n', 'a', '\ufeff', ' '), { maxLength: 20 }), (parts) => {
      const text = parts.join('')
      const placeOf = placesIn(text)
      for (let offset = 0; offset <= text.length; offset += 1) expect(placeOf(offset)).toEqual(counted(text, offset))
    }),
  )
})

/** Parts of YAML that often do not fit together, such as texts over several lines without an end. */
const PARTS = [
  '\n',
  '\n  x',
  ' ',
  'a: ',
  '- ',
  '? ',
  '|2-\n',
  '>',
  '"',
  "'",
  '"\\\n',
  '&a ',
  '*a',
  '[',
  '}',
  ',',
  '---\n',
  '#',
]

test('a mistake in any text has its line and column', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...PARTS), { maxLength: 8 }),
      fc.array(fc.constantFrom(...PARTS), { maxLength: 8 }),
      (before, after) => {
        const text = `${before.join('')}\u0001${after.join('')}`
        const { line, column } = counted(text, text.indexOf('\u0001'))
        expect(() => readYamlDocuments('f', text)).toThrow(`f:${line}:${column}: the text has a control character`)
      },
    ),
    { numRuns: 2_000 },
  )
})
