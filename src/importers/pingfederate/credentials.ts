import type { CredentialDraft } from '../draft/draft.ts'
import type { Fields } from '../draft/fields.ts'
import { objectIn } from '../draft/shape.ts'

interface Authentication {
  readonly methods?: readonly string[]
  readonly credentials: readonly CredentialDraft[]
}

const NOT_PORTABLE =
  'is encrypted with a key of PingFederate: give the client a new secret, or its present one in the manifest'

/** The credentials of a client, by the type of `clientAuth`. */
export function authenticationOf(fields: Fields, auth: Fields): Authentication {
  const type = auth.text('type') ?? 'NONE'
  const algorithm = auth.text('tokenEndpointAuthSigningAlgorithm')
  const replay = auth.flag('enforceReplayPrevention')
  if (replay === true) auth.mapped('enforceReplayPrevention', 'nothing: an assertion is always taken once')
  else if (replay === false) auth.differs('enforceReplayPrevention', 'an assertion is always taken once')
  const found = byType(type, { fields, auth, algorithm })
  if (found === undefined) auth.drop('type', 'is a method that Tessera does not have')
  else auth.mapped('type', 'auth_methods')
  auth.dropAll({ [NOT_PORTABLE]: ['encryptedSecret'] })
  auth.dropAll({ 'every authority that the server trusts for clients counts': ['clientCertIssuerDn'] })
  auth.end()
  return found ?? { credentials: [] }
}

interface Given {
  readonly fields: Fields
  readonly auth: Fields
  readonly algorithm: string | undefined
}

function byType(type: string, { fields, auth, algorithm }: Given): Authentication | undefined {
  switch (type) {
    case 'SECRET':
      return {
        methods: ['client_secret_basic', 'client_secret_post'],
        credentials: [...secretOf(auth), ...formerOf(auth)],
      }
    case 'CERTIFICATE':
      return { methods: ['tls_client_auth'], credentials: certificateOf(auth) }
    case 'PRIVATE_KEY_JWT':
      if (algorithm !== undefined) auth.mapped('tokenEndpointAuthSigningAlgorithm', 'credentials[].algorithm')
      return { methods: ['private_key_jwt'], credentials: keysOf(fields, algorithm) }
    default:
      return undefined
  }
}

function secretOf(auth: Fields): readonly CredentialDraft[] {
  const secret = auth.text('secret', 'credentials[].secret')
  return secret === undefined ? [] : [{ label: 'pingfederate', secret }]
}

/** The secrets that a client had before, while they still work. */
function formerOf(auth: Fields): readonly CredentialDraft[] {
  return auth.objects('secondarySecrets').flatMap((former, index) => {
    const secret = former.text('secret')
    const end = Date.parse(former.text('expiryTime') ?? '')
    former.dropAll({ [NOT_PORTABLE]: ['encryptedSecret'] })
    former.end()
    if (secret === undefined) return []
    if (Number.isNaN(end)) {
      former.drop('expiryTime', 'is not a time, and the secret is not kept')
      return []
    }
    former.mapped('secret', 'credentials[].secret')
    former.mapped('expiryTime', 'credentials[].expires')
    return [{ label: `pingfederate, former ${index + 1}`, secret, expires: new Date(end).toISOString() }]
  })
}

function certificateOf(auth: Fields): readonly CredentialDraft[] {
  const subject = auth.text('clientCertSubjectDn', 'credentials[].certificate.subject_dn')
  return subject === undefined ? [] : [{ label: 'pingfederate', certificate: { subject_dn: subject } }]
}

function keysOf(fields: Fields, algorithm: string | undefined): readonly CredentialDraft[] {
  const settings = fields.object('jwksSettings')
  const url = settings?.text('jwksUrl', 'credentials[].jwks_uri')
  const text = settings?.text('jwks')
  settings?.end()
  if (url !== undefined) return [{ label: 'pingfederate', jwks_uri: url, algorithm }]
  if (settings === undefined || text === undefined) return []
  const jwks = objectIn(text)
  if (jwks === undefined) {
    settings.drop('jwks', 'is not JSON')
    return []
  }
  settings.mapped('jwks', 'credentials[].jwks')
  return [{ label: 'pingfederate', jwks, algorithm }]
}
