import { type ReadCertificate, requireReadable } from '../crypto/x509/peer.ts'
import type { Form } from '../http/form.ts'
import { expectedRefusal } from '../http/respond.ts'
import { ClientId } from '../oauth/ids.ts'
import { parseClientAssertion } from './client-assertion.ts'
import { readBasic } from './client-secret-basic.ts'
import type { PresentedAuthentication, PresentedClientCertificate, PresentedCredentials } from './presented.ts'
import { refusal } from './refusals.ts'

/** The fields of a request in which a client may authenticate (RFC 6749 §2.3). */
interface AuthenticationFields {
  readonly authorization: string | undefined
  readonly form: Form
  readonly certificate: ReadCertificate
}

/**
 * Reads how a client authenticates.
 * @throws Refusal if it uses several methods, or one method wrongly
 */
export function parseAuthentication(fields: AuthenticationFields): PresentedAuthentication {
  refuseSeveral(fields)
  const clientId = fields.form.get('client_id')
  const parameterId = clientId === undefined ? undefined : ClientId(clientId)
  return { ...(readCredentials(fields, parameterId) ?? { kind: 'none' }), parameterId }
}

/**
 * Refuses a request with two methods (RFC 6749 §2.3), even if one is malformed. A certificate beside another method
 * does not count as a method.
 */
function refuseSeveral({ authorization, form }: AuthenticationFields): void {
  const hasSecret = form.get('client_secret') !== undefined
  const hasAssertion = form.get('client_assertion') !== undefined
  if (authorization === undefined ? hasSecret && hasAssertion : hasSecret || hasAssertion) {
    const sent = {
      authorization: authorization !== undefined,
      client_secret: hasSecret,
      client_assertion: hasAssertion,
    }
    const received = Object.entries(sent).flatMap(([name, isSent]) => (isSent ? [name] : []))
    throw refusal('several_methods', { detail: { received } })
  }
}

function readCredentials(
  { authorization, form, certificate }: AuthenticationFields,
  parameterId: ClientId | undefined,
): PresentedCredentials | undefined {
  if (authorization !== undefined) {
    return { kind: 'secret', method: 'client_secret_basic', readings: readBasic(authorization) }
  }
  const secret = form.get('client_secret')
  if (secret !== undefined) {
    if (parameterId === undefined) throw refusal('no_credentials')
    return { kind: 'secret', method: 'client_secret_post', readings: [{ clientId: parameterId, secret }] }
  }
  const assertion = parseClientAssertion(form)
  if (assertion !== undefined) return readAssertion(assertion, parameterId)
  return parameterId === undefined ? undefined : readCertificate(parameterId, certificate)
}

function readAssertion(
  { jws, claimed }: NonNullable<ReturnType<typeof parseClientAssertion>>,
  parameterId: ClientId | undefined,
): PresentedCredentials {
  const { kind, iss = '', sub = '' } = claimed
  if (kind === 'symmetric') return { kind: 'assertion', method: 'client_secret_jwt', clientId: ClientId(sub), jws }
  if (kind === 'own') return { kind: 'assertion', method: 'private_key_jwt', clientId: ClientId(iss), jws }
  return { kind: 'federated', method: 'federated_jwt', clientId: parameterId, jws }
}

/**
 * Reads the certificate of a request with a `client_id` and no other credential (RFC 8705 §2).
 * @throws MalformedCertificate
 */
function readCertificate(clientId: ClientId, read: ReadCertificate): PresentedClientCertificate | undefined {
  try {
    const certificate = requireReadable(read)
    if (certificate === undefined) return undefined
    const method = certificate.leaf.isSelfSigned ? 'self_signed_tls_client_auth' : 'tls_client_auth'
    return { kind: 'certificate', method, clientId, certificate }
  } catch (error) {
    throw expectedRefusal(error)?.with({ client_id: clientId }) ?? error
  }
}
