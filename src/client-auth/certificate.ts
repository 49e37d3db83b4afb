import type { PresentedCertificate } from '../crypto/x509/peer.ts'
import { matches } from '../model/credentials/certificate-subject.ts'
import { type CertificateCredential, isValid } from '../model/credentials/credential.ts'
import { OAuthError } from '../oauth/error.ts'
import { ClientId } from '../oauth/ids.ts'
import { describe } from './certificates/describe.ts'
import type { Authenticator, Presented, Proven } from './method.ts'
import type { AuthenticationRequest } from './request.ts'

/**
 * A `client_id` and a certificate, and nothing else that authenticates (RFC 8705 §2): beside a secret or an assertion, a
 * certificate is what the token is bound to, and no more.
 * @param isForSelfSigned which certificates the method is for
 * @param verify whether the certificate counts, by the credential that it fits
 */
export function presentCertificate(
  request: AuthenticationRequest,
  isForSelfSigned: boolean,
  verify: (authenticator: Authenticator, credential: CertificateCredential, certificate: PresentedCertificate) => void,
): Presented | undefined {
  const { form, headers } = request
  const clientId = form.get('client_id')
  const isOther = form.get('client_secret') !== undefined || form.get('client_assertion') !== undefined
  if (clientId === undefined || isOther || headers.authorization !== undefined) return undefined
  const certificate = certificateFor(request, clientId, isForSelfSigned)
  if (certificate === undefined) return undefined
  const id = ClientId(clientId)
  return {
    clientIds: [id],
    verify: async (authenticator) => {
      const client = await authenticator.directory.client(id)
      if (client === undefined) throw new OAuthError('unknown_client')
      const credential = findCredential(authenticator, client.credentials.certificates, certificate)
      verify(authenticator, credential, certificate)
      return { client, credential }
    },
  }
}

/** The certificate of a request, where it is of the kind that is looked for. @throws OAuthError `certificate_malformed` */
function certificateFor(request: AuthenticationRequest, clientId: string, isForSelfSigned: boolean) {
  try {
    const certificate = request.certificate()
    return certificate !== undefined && certificate.leaf.isSelfSigned === isForSelfSigned ? certificate : undefined
  } catch (error) {
    throw error instanceof OAuthError ? error.with({ client_id: clientId }) : error
  }
}

/** @throws OAuthError `no_such_credential` or `certificate_mismatch` */
function findCredential(
  { clock }: Authenticator,
  credentials: readonly CertificateCredential[],
  { leaf }: PresentedCertificate,
): Proven['credential'] & CertificateCredential {
  if (credentials.length === 0) throw new OAuthError('no_such_credential')
  const now = clock.now()
  const matching = credentials.filter(({ matcher }) => matches(leaf, matcher))
  // Of those that count the thumbprint comes first: it needs no authority, and a name that it also has may lack one.
  const rank = (credential: CertificateCredential): number =>
    (isValid(credential, now) ? 2 : 0) + ('thumbprint' in credential.matcher ? 1 : 0)
  const [found] = matching.toSorted((one, other) => rank(other) - rank(one))
  if (found !== undefined) return found
  const expected = credentials.slice(0, 10).map(({ matcher }) => matcher)
  throw new OAuthError('certificate_mismatch', { detail: { expected, received: describe(leaf) } })
}
