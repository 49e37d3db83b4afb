/** The content of a JWT that nobody has verified. */
export interface DecodedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Reads a JWT in compact form (RFC 7519); undefined for anything else. It checks nothing. */
export function decodeToken(token: string): DecodedToken | undefined {
  const parts = token.trim().split('.')
  if (parts.length !== 3) return undefined
  const [header, claims] = parts.slice(0, 2).map(objectIn)
  return header && claims && { header, claims }
}

/** A sealed token has the five parts of a JWE (RFC 7516 §3.1). */
export const looksSealed = (token: string): boolean => token.trim().split('.').length === 5

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const base64 = part.replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
