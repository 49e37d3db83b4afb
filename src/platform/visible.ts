/**
 * Characters that a terminal would obey, or that are invisible. Unicode properties name them: C0 and C1 controls (`Cc`), format
 * characters such as those of direction and tags (`Cf`), line and paragraph separators (`Zl`, `Zp`), lone surrogates (`Cs`), and
 * the other characters that are ignored in display (`DI`).
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
/** Like `HIDDEN`, but without line feeds and tabs, which lay text out. */
const HIDDEN_IN_LAYOUT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
/** Most text has only these characters. This check costs less than a replacement. */
export const OTHERS = /[^\x20-\x7e]/

/** An escape in the notation of JSON (RFC 8259 §7), so that JSON text keeps its meaning. */
const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')

/** Makes a value safe within a line: nothing in it breaks the line, moves the cursor or hides. */
export const visibleValue = (value: string): string => (OTHERS.test(value) ? value.replace(HIDDEN, escaped) : value)

/** Like `visibleValue`, for a text of several lines: it keeps line feeds and tabs. */
export const visibleText = (text: string): string =>
  OTHERS.test(text) ? text.replace(HIDDEN_IN_LAYOUT, escaped) : text
