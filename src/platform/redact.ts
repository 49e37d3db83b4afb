/**
 * Secrets that are recognisable in any text. Our secrets and sealed tokens have prefixes. The header of a JWT or JWE always begins
 * with `eyJ` (RFC 7515 §7.1). Private keys have a label (RFC 7468 §10).
 */
const SECRETS = /\bts[sa]_[A-Za-z0-9_-]{8,}|\beyJ[\w-]{8,}(?:\.[\w-]*)*|-----BEGIN [A-Z ]*PRIVATE KEY-----.*/gs
/** Most texts contain none of these. This check costs less than a replacement. */
const SIGNS = /ts[sa]_|eyJ|PRIVATE KEY/

/** Replaces secrets in a stranger's text before it is stored, since people put secrets where names belong. */
export const redactText = (text: string): string => (SIGNS.test(text) ? text.replace(SECRETS, '[redacted]') : text)

/** Like `redactText`, for every text in a value that JSON can hold. */
function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value)
  if (Array.isArray(value)) return value.map(redact)
  if (typeof value !== 'object' || value === null) return value
  return redactFields(value)
}

/** Like `redactText`, for the names and values of fields. */
export const redactFields = (fields: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [redactText(name), redact(value)]))
