import { X509Certificate } from 'node:crypto'
import type { CredentialDraft } from '../draft/draft.ts'
import type { Fields } from '../draft/fields.ts'
import { objectIn } from '../draft/shape.ts'

interface Authentication {
  readonly methods?: readonly string[]
  readonly credentials: readonly CredentialDraft[]
}

const NONE: Authentication = { credentials: [] }
/** A pattern with none of these characters matches itself alone. */
const OF_PATTERNS = /[\\^$.|?*+()[\]{}]/

/**
 * The credentials of a client, by its authenticator.
 * @see https://www.keycloak.org/docs/latest/server_admin/index.html#_client-credentials
 */
export function authenticationOf(fields: Fields, attributes: Fields | undefined): Authentication {
  const authenticator = fields.text('clientAuthenticatorType') ?? 'client-secret'
  const found = byAuthenticator(authenticator, fields, attributes)
  if (found === undefined) {
    fields.drop('clientAuthenticatorType', 'is a method that Tessera does not have')
    return NONE
  }
  fields.mapped('clientAuthenticatorType', 'auth_methods')
  return found
}

function byAuthenticator(authenticator: string, fields: Fields, attributes: Fields | undefined) {
  switch (authenticator) {
    case 'client-secret':
      return {
        methods: ['client_secret_basic', 'client_secret_post'],
        credentials: [...secretOf(fields, false), ...rotatedOf(attributes)],
      }
    case 'client-secret-jwt':
      return { methods: ['client_secret_jwt'], credentials: secretOf(fields, true) }
    case 'client-jwt':
      return { methods: ['private_key_jwt'], credentials: attributes === undefined ? [] : keysOf(attributes) }
    case 'client-x509':
      return { methods: ['tls_client_auth'], credentials: attributes === undefined ? [] : certificateOf(attributes) }
    default:
      return undefined
  }
}

function secretOf(fields: Fields, isSigned: boolean): readonly CredentialDraft[] {
  const secret = fields.text('secret')
  if (secret === undefined || /^\*+$/.test(secret)) {
    fields.drop('secret', 'is hidden in a partial export: use `kc.sh export`')
    return []
  }
  fields.mapped('secret', 'credentials[].secret')
  return [{ label: 'keycloak', secret, ...(isSigned && { retrievable: true }) }]
}

/** The former secret of a client, while it still works. */
function rotatedOf(attributes: Fields | undefined): readonly CredentialDraft[] {
  const secret = attributes?.text('client.secret.rotated')
  const end = attributes?.text('client.secret.rotated.expiration.time')
  if (attributes === undefined || secret === undefined) return []
  const seconds = Number(end)
  if (!Number.isInteger(seconds) || seconds <= 0 || seconds > 8e9) {
    attributes.drop('client.secret.rotated', 'has no end that could be kept')
    return []
  }
  attributes.mapped('client.secret.rotated', 'credentials[].secret')
  attributes.mapped('client.secret.rotated.expiration.time', 'credentials[].expires')
  return [{ label: 'keycloak, rotated', secret, expires: new Date(seconds * 1_000).toISOString() }]
}

/** The keys of a client: at a URL, as a set, or in a certificate. */
function keysOf(attributes: Fields): readonly CredentialDraft[] {
  const algorithm = attributes.text('token.endpoint.auth.signing.alg', 'credentials[].algorithm')
  const label = 'keycloak'
  const url = attributes.text('jwks.url')
  if (attributes.text('use.jwks.url') === 'true' && url !== undefined) {
    attributes.mapped('jwks.url', 'credentials[].jwks_uri')
    return [{ label, jwks_uri: url, algorithm }]
  }
  const text = attributes.text('jwks.string')
  if (attributes.text('use.jwks.string') === 'true' && text !== undefined) {
    const jwks = objectIn(text)
    if (jwks === undefined) attributes.drop('jwks.string', 'is not JSON')
    else attributes.mapped('jwks.string', 'credentials[].jwks')
    return jwks === undefined ? [] : [{ label, jwks, algorithm }]
  }
  const certificate = attributes.text('jwt.credential.certificate')
  if (certificate === undefined) return []
  const jwk = keyOf(certificate)
  if (jwk === undefined) {
    attributes.drop('jwt.credential.certificate', 'is not a certificate')
    return []
  }
  attributes.differs(
    'jwt.credential.certificate',
    'becomes credentials[].jwks with its key alone: the key does not expire',
  )
  return [{ label, jwks: { keys: [jwk] }, algorithm }]
}

/** The public key of a certificate in base64; undefined if it is none. */
function keyOf(base64: string): unknown {
  try {
    return new X509Certificate(Buffer.from(base64.replace(/-----[^-]*-----/g, ''), 'base64')).publicKey.export({
      format: 'jwk',
    })
  } catch {
    return undefined
  }
}

function certificateOf(attributes: Fields): readonly CredentialDraft[] {
  const subject = attributes.text('x509.subjectdn')
  // Keycloak takes the subject for a pattern unless the attribute says otherwise.
  const isPattern = attributes.text('x509.allow.regex.pattern.comparison') !== 'false'
  if (subject === undefined) return []
  if (isPattern && OF_PATTERNS.test(subject)) {
    attributes.drop('x509.subjectdn', 'is a pattern, and Tessera compares whole names: give the client its name')
    return []
  }
  attributes.mapped('x509.subjectdn', 'credentials[].certificate.subject_dn')
  return [{ label: 'keycloak', certificate: { subject_dn: subject } }]
}
