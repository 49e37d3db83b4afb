// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Whether a value contains a control character. No parameter or credential may contain one (RFC 6749 Appendix A). */
export const hasControl = (value: string): boolean => CONTROL.test(value)
