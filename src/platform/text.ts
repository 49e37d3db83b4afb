// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Whether a value holds a control character, which no parameter or credential may (RFC 6749 Appendix A). */
export const hasControl = (value: string): boolean => CONTROL.test(value)
