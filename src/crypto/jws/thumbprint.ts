import { hash } from 'node:crypto'

/** The members of a public key that its thumbprint covers, in order (RFC 7638 §3.2, RFC 8037 §2). */
const MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
])

/** The thumbprint of a public JWK with SHA-256, in base64url (RFC 7638 §3). */
export function jwkThumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const members = MEMBERS.get(jwk['kty']) ?? []
  return hash('sha256', JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]]))), 'base64url')
}
