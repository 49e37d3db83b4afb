import { parseAuthentication } from '../client-auth/parse-authentication.ts'
import type { PresentedAuthentication } from '../client-auth/presented.ts'
import { type Form, parseForm } from '../http/form.ts'
import type { HttpRequest, RequestFacts } from '../http/message.ts'
import type { Proofs } from '../sender-constraint/verify-proof.ts'
import { refusal } from './refusals.ts'

/** A parsed request of a client. No later step sees its headers, form or body. */
export interface ClientRequest<Parameters> {
  readonly facts: RequestFacts
  readonly parameters: Parameters
  readonly authentication: PresentedAuthentication
  readonly proofs: Proofs
}

/**
 * Parses a request with client authentication.
 * @param parse reads the parameters of the endpoint
 * @throws Refusal if the request is not well-formed, or has a query, which would end up in access logs
 */
export function parseRequest<Parameters>(
  http: HttpRequest,
  parse: (form: Form, http: HttpRequest) => Parameters,
): ClientRequest<Parameters> {
  const { headers, path, query, body } = http
  if (query !== '') throw refusal('query_parameters')
  const form = parseForm(headers, body)
  const parameters = parse(form, http)
  const { certificate } = http
  const authentication = parseAuthentication({ authorization: headers.authorization, form, certificate })
  return { facts: http, parameters, authentication, proofs: { dpop: headers['dpop'], certificate, path } }
}
