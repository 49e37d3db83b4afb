import { OTHERS } from './visible.ts'

/** Characters that add nothing to the width of a text: marks that combine with the letter before. */
const COMBINING = /\p{M}/u
/** Characters that take two columns: most of East Asian scripts, their full-width forms, and pictures (Unicode UAX 11, W and F). */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u

const widthOfOne = (character: string): number => (COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** The columns that a text takes in a terminal. */
export function widthOf(text: string): number {
  if (!OTHERS.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

/** Shortens a text to a width, with an ellipsis in the place of its end. */
export function fitted(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let taken = ''
  let left = width - 1
  for (const character of text) {
    left -= widthOfOne(character)
    if (left < 0) break
    taken += character
  }
  return `${taken}…`
}
