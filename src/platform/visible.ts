/**
 * Characters that a terminal would obey, or that show nothing, by their Unicode properties rather than in a list: C0 and C1
 * controls (`Cc`), format characters such as those of direction and tags (`Cf`), line and paragraph separators (`Zl`, `Zp`),
 * lone surrogates (`Cs`), and whatever else is ignored where it is shown (`DI`).
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
/** The same but for line feeds and tabs, of which text is laid out. */
const HIDDEN_IN_LAYOUT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
/** Most text has no other characters than these: a look for others costs less than a replacement. */
const OTHERS = /[^\x20-\x7e]/

/** In the notation of JSON (RFC 8259 §7): within a text of JSON, it means the same character. */
const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')

/** A value as it may stand within a line: nothing in it breaks the line, moves the cursor or hides. */
export const visibleValue = (value: string): string => (OTHERS.test(value) ? value.replace(HIDDEN, escaped) : value)

/** A text of several lines, of which the same is true but for its line feeds and tabs. */
export const visibleText = (text: string): string =>
  OTHERS.test(text) ? text.replace(HIDDEN_IN_LAYOUT, escaped) : text
