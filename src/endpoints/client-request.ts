import type { AuthenticationRequest } from '../client-auth/request.ts'
import { type Form, parseForm } from '../http/form.ts'
import type { HttpRequest } from '../http/message.ts'
import { refusal } from './refusals.ts'

/**
 * The form of a request that a client authenticates in its body or header.
 * @throws Refusal where it is none; also where it has a query, which would stand in access logs
 */
export function parseClientRequest(http: HttpRequest): AuthenticationRequest {
  const { headers, query, body, remoteAddress, certificate } = http
  if (query !== '') throw refusal('query_parameters')
  return { headers, form: parseForm(headers, body), remoteAddress, certificate }
}

/** The `token` parameter (RFC 7009 §2.1, RFC 7662 §2.1). The hint beside it is not needed: tokens say what they are. */
export function tokenParameter(form: Form): string {
  const token = form.get('token')
  if (token === undefined) throw refusal('token_missing')
  return token
}
