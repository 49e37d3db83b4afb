// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Whether a value contains a control character. No parameter or credential may contain one (RFC 6749 Appendix A). */
export const hasControl = (value: string): boolean => CONTROL.test(value)

/** Characters that turn the text after them round (Unicode UAX #9 §2). The marks of right-to-left scripts are not among them. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/

/** Whether a name can look like another one, since its characters are shown in another order. */
export const hasTurning = (value: string): boolean => TURNING.test(value)

/** A text without any of some characters at its end. An expression that ends with `+$` takes the square of the time. */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes UTF-8; undefined if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** The most characters of one value in an explanation, since people read the audit log. */
export const LONGEST_SHOWN = 256

/** A text in at most `longest` characters; the last is `…` if it was cut. */
export const cutTo = (longest: number, text: string): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`

/** A text as an explanation shows it. */
export const cut = (text: string): string => cutTo(LONGEST_SHOWN, text)

/** The most characters that are recorded of a stranger's text. A refusal must not cost more to store than to cause. */
export const LONGEST_RECORDED = 256
