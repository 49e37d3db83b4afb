/** Text that is as hard to parse as text of its length can be. */

/** Repeats a piece up to this many characters. */
export const fill = (length: number, piece: string): string => piece.repeat(Math.floor(length / piece.length))

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The shortest distinct names, by index. */
function nameAt(index: number): string {
  const rest = Math.floor(index / LETTERS.length)
  return (rest === 0 ? '' : nameAt(rest - 1)) + LETTERS.charAt(index % LETTERS.length)
}

/** Fills this many characters with pieces. Each is made of a distinct name. */
export function fillWithNames(length: number, piece: (name: string) => string, separator: string): string {
  const pieces: string[] = []
  let left = length
  for (let index = 0; ; index += 1) {
    const next = piece(nameAt(index))
    left -= next.length + separator.length
    if (left < 0) return pieces.join(separator)
    pieces.push(next)
  }
}

/** The deepest nesting in at most this many characters. */
export const nestedArrays = (length: number): string => '['.repeat(length / 2) + ']'.repeat(length / 2)
const nestedObjects = (length: number): string => `${'{"":'.repeat(length / 5 - 1)}1${'}'.repeat(length / 5 - 1)}`

/** JSON values of every shape, each of at most this many characters. */
export const jsonValues = (length: number): Readonly<Record<string, string>> => ({
  'nested arrays': nestedArrays(length),
  'nested objects': nestedObjects(length),
  members: `{${fillWithNames(length - 2, (name) => `"${name}":1`, ',')}}`,
  'members with numbers': `{${fillWithNames(length / 2, (name) => name, ',')
    .split(',')
    .map((_, index) => `"${index * 7_919}":1`)
    .join(',')
    .slice(0, length - 20)
    .replace(/,[^,]*$/, '')}}`,
  'one member repeated': `{${fill(length - 8, '"a":1,')}"a":1}`,
  'objects of different shapes': `[${fillWithNames(length - 2, (name) => `{"${name}":1}`, ',')}]`,
  'empty objects': `[${fill(length - 4, '{},')}{}]`,
  'empty arrays': `[${fill(length - 4, '[],')}[]]`,
  digits: '9'.repeat(length),
  'zeros behind the point': `0.${'0'.repeat(length - 10)}1e-300`,
  numbers: `[${fill(length - 10, '1e-300,')}1]`,
  escapes: `"${fill(length - 2, '\\u0041')}"`,
  'lone surrogates': `"${fill(length - 2, '\\ud800')}"`,
  texts: `[${fill(length - 4, '"",')}""]`,
  'text of another script': `"${fill(length / 3, '語')}"`,
  'combining marks': `"a${fill(length / 4 - 2, '\u0301')}${fill(length / 4 - 2, '\u0316')}"`,
  spaces: `${' '.repeat(length - 1)}1`,
  'a member of every object': `{"__proto__":${nestedArrays(length - 14)}}`,
  'a text without end': `"${'\\"'.repeat(length / 2 - 1)}`,
})

/** A wrong signature whose numbers are in range. Others are refused without any work. */
export function plausibleSignature(bytes: number): Buffer {
  const signature = Buffer.alloc(bytes, 0x55)
  // The order of P-521 has 521 bits, in 66 bytes.
  if (bytes === 132) for (const at of [0, 66]) signature.writeUInt8(0, at)
  return signature
}
