const LAST = 0x10ffff

/**
 * The first text after all those that begin with a prefix, in the order of code points, which is that of the bytes of UTF-8;
 * undefined if there is none.
 */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === LAST) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  // Surrogates are no characters (RFC 3629 §3).
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}
