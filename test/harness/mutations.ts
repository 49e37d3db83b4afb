/** Mutations of tokens. */

import fc from 'fast-check'

export const base64url: readonly string[] = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']

/** Text around a token that a lax parser might ignore. */
export const WRAPPINGS: readonly string[] = [
  ...[' ', '\t', '\n', '\0', '\ufeff', '\u200b', '"', "'", '.', '=', '==', 'Bearer ', '%20', 'tsa_', '<', ','],
]

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...base64url) },
  { weight: 2, arbitrary: fc.constantFrom(...'.=+/%&~"{}[]\\ \t\r\n\0') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
)

/** The place and the content of an edit. Numbers are taken modulo the length of the text. */
interface Draw {
  readonly at: number
  readonly other: number
  readonly by: string
  readonly token: string
  readonly wrapping: string
}

type Edit = (text: string, draw: Draw) => string

const draw = (seeds: readonly string[]): fc.Arbitrary<Draw> =>
  fc.record({
    at: fc.nat(),
    other: fc.nat(),
    by: character,
    token: fc.constantFrom(...seeds),
    wrapping: fc.constantFrom(...WRAPPINGS),
  })

const placeIn = (text: string, at: number): number => (text.length === 0 ? 0 : at % text.length)

const replace = (text: string, at: number, length: number, by: string): string => {
  const place = placeIn(text, at)
  return text.slice(0, place) + by + text.slice(place + length)
}

const swap = (text: string, one: number, other: number): string => {
  const [first = 0, second = 0] = [placeIn(text, one), placeIn(text, other)].sort((a, b) => a - b)
  if (first === second) return text
  const [former, latter] = [text.slice(first, first + 1), text.slice(second, second + 1)]
  return text.slice(0, first) + latter + text.slice(first + 1, second) + former + text.slice(second + 1)
}

const changeCase = (text: string, at: number): string => {
  const found = text.charAt(placeIn(text, at))
  return replace(text, at, 1, found === found.toLowerCase() ? found.toUpperCase() : found.toLowerCase())
}

const flipBit = (text: string, at: number, bit: number): string =>
  replace(text, at, 1, String.fromCharCode((text.charCodeAt(placeIn(text, at)) || 0) ^ (1 << (bit % 8))))

/** Changes one of the dot-separated segments. */
const inSegment = (text: string, at: number, change: (segment: string, index: number) => string): string => {
  const segments = text.split('.')
  const index = at % segments.length
  return segments.with(index, change(segments[index] ?? '', index)).join('.')
}

/** Flips a bit of the decoded segment, so that its encoding stays canonical. */
const flipDecodedBit = (segment: string, at: number): string => {
  const bytes = Buffer.from(segment, 'base64url')
  if (bytes.length === 0) return segment
  const place = at % bytes.length
  bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (at % 8)), place)
  return bytes.toString('base64url')
}

const EDITS: readonly Edit[] = [
  (text, { at, by }) => replace(text, at, 1, by),
  (text, { at, by }) => replace(text, at, 0, by),
  (text, { at, other }) => replace(text, at, 1 + (other % 8), ''),
  (text, { at, other }) => swap(text, at, other),
  (text, { at }) => swap(text, at, at + 1),
  (text, { at }) => changeCase(text, at),
  (text, { at, other }) => flipBit(text, at, other),
  (text, { at, other }) => inSegment(text, at, (segment) => flipDecodedBit(segment, other)),
  // The last character of a segment has bits that a decoder may ignore.
  (text, { at, by }) => inSegment(text, at, (segment) => segment.slice(0, -1) + by),
  (text, { at, token }) => inSegment(text, at, (_segment, index) => token.split('.')[index] ?? ''),
  (text, { at }) => text.slice(0, placeIn(text, at)),
  (text, { at }) => text.slice(placeIn(text, at)),
  (text, { at, other }) => text.slice(placeIn(text, at)) + text.slice(0, placeIn(text, other)),
  (text, { wrapping }) => wrapping + text,
  (text, { wrapping }) => text + wrapping,
]

/** Tokens after one to four edits, which may cancel each other out. */
export const mutated = (seeds: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.constantFrom(...EDITS), draw(seeds)), { minLength: 1, maxLength: 4 }),
    )
    .map(([seed, edits]) => edits.reduce((text, [edit, drawn]) => edit(text, drawn), seed))

/** Text that is unrelated to any token, or only begins like one. */
export const anyText = fc
  .tuple(
    fc.constantFrom('', '', 'tsa_', 'eyJ', '.', '..', 'a.b.'),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ maxLength: 300 }),
      fc.array(character, { maxLength: 300 }).map((all) => all.join('')),
      // Includes lone surrogates.
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((codes) => String.fromCharCode(...codes)),
      fc.tuple(character, fc.constantFrom(16_383, 16_384, 16_385, 40_000)).map(([one, length]) => one.repeat(length)),
    ),
  )
  .map((parts) => parts.join(''))
