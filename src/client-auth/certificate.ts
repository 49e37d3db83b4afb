import type { PresentedCertificate } from '../crypto/x509/peer.ts'
import { matches } from '../model/credentials/certificate-subject.ts'
import { type CertificateCredential, isValid, kindsOf } from '../model/credentials/credential.ts'
import { describe } from './certificates/describe.ts'
import type { ClientAuthContext, Sender, VerifiedCredential } from './context.ts'
import type { PresentedClientCertificate } from './presented.ts'
import { refusal } from './refusals.ts'

/**
 * Finds the credential of the client that fits a certificate, and requires that the certificate is valid for it.
 * @param requireValid throws if the certificate is not valid by the method in use
 */
export async function verifyCertificate(
  context: ClientAuthContext,
  { clientId, certificate }: PresentedClientCertificate,
  { at }: Sender,
  requireValid: (credential: CertificateCredential) => void,
): Promise<VerifiedCredential> {
  const client = await context.directory.client(clientId)
  if (client === undefined) throw refusal('unknown_client')
  const { credentials } = client
  if (credentials.certificates.length === 0)
    throw refusal('no_such_credential', { detail: { has: kindsOf(credentials) } })
  const credential = findCredential(credentials.certificates, certificate, at)
  requireValid(credential)
  return { client, credential }
}

/** @throws Refusal `certificate_mismatch` */
function findCredential(
  credentials: readonly CertificateCredential[],
  { leaf }: PresentedCertificate,
  now: number,
): CertificateCredential {
  const matching = credentials.filter(({ matcher }) => matches(leaf, matcher))
  // Valid credentials come first. Among them, thumbprints do: they need no authority, and a name that also matches may
  // lack one.
  const rank = (credential: CertificateCredential): number =>
    (isValid(credential, now) ? 2 : 0) + ('thumbprint' in credential.matcher ? 1 : 0)
  const [found] = matching.toSorted((one, other) => rank(other) - rank(one))
  if (found !== undefined) return found
  const expected = credentials.slice(0, 10).map(({ matcher }) => matcher)
  throw refusal('certificate_mismatch', { detail: { expected, received: describe(leaf) } })
}
