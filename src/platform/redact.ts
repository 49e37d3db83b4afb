/**
 * What can be told to be a secret wherever it stands: secrets and sealed tokens of ours by their prefixes, anybody's JWTs and
 * JWEs by how their header begins (RFC 7515 §7.1), private keys by their label (RFC 7468 §10).
 */
const SECRETS = /\bts[sa]_[A-Za-z0-9_-]{8,}|\beyJ[\w-]{8,}(?:\.[\w-]*)*|-----BEGIN [A-Z ]*PRIVATE KEY-----.*/gs
/** Most texts have none of these: a look for them costs less than a replacement. */
const SIGNS = /ts[sa]_|eyJ|PRIVATE KEY/

/** A text of strangers as it may be kept: people put secrets where names belong, and they must not stay there. */
export const redactText = (text: string): string => (SIGNS.test(text) ? text.replace(SECRETS, '[redacted]') : text)

/** The same for every text in a value that JSON can hold. */
function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value)
  if (Array.isArray(value)) return value.map(redact)
  if (typeof value !== 'object' || value === null) return value
  return redactFields(value)
}

/** The same for fields, with their names. */
export const redactFields = (fields: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [redactText(name), redact(value)]))
