import { changeClient } from './actions.ts'
import type { Action } from './advice.ts'
import {
  type Advise,
  always,
  type Case,
  clientEntry,
  command,
  failed,
  request,
  setting,
  textOf,
  textsOf,
} from './case.ts'

const SEND_FORM = request('Send the parameters as a form', 'Content-Type: application/x-www-form-urlencoded')
const FEWER_HEADERS = request(
  'Send fewer or shorter headers',
  'Authorization, Content-Type and Content-Length are enough',
)
const WELL_FORMED = command(
  'Compare the request with one that works',
  "tessera token --issuer <issuer> --client-id '<client-id>' --curl",
)

function revokeToken(about: Case): Action | undefined {
  const jti = textOf(about, 'jti')
  return jti === undefined ? undefined : { operation: 'revocations.add', path: {}, body: { kind: 'token', id: jti } }
}

/** Advice on requests that no endpoint could read. */
export const requestAdvice = {
  unsupported_content_type: (about) => ({
    checks: [failed('Content-Type', 'application/x-www-form-urlencoded', textOf(about, 'received') ?? '(unknown)')],
    remedies: [SEND_FORM],
  }),
  malformed_parameters: (about) => {
    const received = textOf(about, 'received')
    const parameter = textOf(about, 'parameter') ?? 'a parameter'
    return {
      checks: received === undefined ? [] : [failed(parameter, 'UTF-8 without control characters', received)],
      ...(received?.startsWith('a line end') && {
        notes: ['A secret that is read from a file often ends with the line end of the file.'],
      }),
      remedies: [
        request('Remove the line end before the request is made', `SECRET="$(tr -d '\\r\\n' < secret-file)"`),
        request('Encode each value', `curl --data-urlencode 'name=value'`),
      ],
    }
  },
  too_many_parameters: always(request('Send only the parameters of the grant', 'grant_type, scope, resource')),
  repeated_parameter: (about) => ({
    notes: [`The request has ${textOf(about, 'parameter') ?? 'a parameter'} more than once.`],
    remedies: [request('Send each parameter once; only resource and audience may be repeated', 'scope=read write')],
  }),
  body_too_large: always(request('Send at most 64 KiB, in few chunks', 'Content-Length: 65536')),
  content_encoding: always(request('Send the body without compression', 'no Content-Encoding header')),
  malformed_request: always(WELL_FORMED),
  http_version: always(request('Use HTTP/1.1; a proxy in front may speak HTTP/2 to clients', 'curl --http1.1')),
  https_required: always(request('Begin the address with https', '<issuer>/as/token.oauth2')),
  bad_host: always(request('Send one Host header, that of the issuer', 'Host: auth.example.com')),
  uri_too_long: always(request('Send the parameters in the body', 'POST with a form')),
  expectation_failed: always(request('Leave the header out', 'no Expect header')),
  too_many_at_once: always(
    request('Read each answer before the next request on the connection', 'one request at a time'),
  ),
  headers_too_large: always(
    FEWER_HEADERS,
    setting(
      'Let the proxy pass on certificates, if they make the headers long',
      'runtime.certificate_header: client-cert',
    ),
  ),
  repeated_header: always(
    request('Send the header once, and check whether a proxy adds another', 'one Authorization, one Content-Type'),
  ),
  request_timeout: always(setting('Allow slow clients more time', 'http.request_timeout: 30')),
  not_found: always(request('Use an address of the metadata', 'GET <issuer>/.well-known/oauth-authorization-server')),
  method_not_allowed: (about) => ({
    checks: [failed('method', textOf(about, 'allowed') ?? 'POST', textOf(about, 'received') ?? '(unknown)')],
    remedies: [request('Use a method of the endpoint', textOf(about, 'allowed') ?? 'POST')],
  }),
  not_from_proxy: always(
    setting('Serve TLS, so that clients may connect directly', 'runtime.tls: on'),
    setting('Name the proxy, if the request came through one', 'runtime.trusted_proxies: <address>'),
  ),
  unexpected: always(command('Find the cause in the log of the server, and report it', 'grep <request-id> <log>')),
  query_parameters: always(request('Move every parameter from the address to the body', 'POST with a form')),
  grant_type_missing: always(request('Name the grant', 'grant_type=client_credentials'), SEND_FORM),
  grant_not_allowed: (about) => ({
    checks: [
      failed('grant_type', textsOf(about, 'allowed').join(', ') || '(none)', textOf(about, 'received') ?? '(unknown)'),
    ],
    remedies: [
      clientEntry(
        'Allow the client this grant',
        'grant_types: [client_credentials]',
        changeClient(about, { grant_types: [...textsOf(about, 'allowed'), 'client_credentials'] }),
      ),
    ],
  }),
  unsupported_grant_type: (about) => ({
    checks: [
      failed(
        'grant_type',
        textsOf(about, 'supported').join(' or ') || 'client_credentials',
        textOf(about, 'received') ?? '(unknown)',
      ),
    ],
    remedies: [request('Send the grant for machines', 'grant_type=client_credentials')],
  }),
  not_the_clients_token: (about) => ({
    notes: [`The token was issued to ${textOf(about, 'owner') ?? 'another client'}.`],
    remedies: [
      command(
        'Revoke the token as an administrator',
        `tessera revoke --jti ${textOf(about, 'jti') ?? '<jti>'}`,
        revokeToken(about),
      ),
    ],
  }),
  no_authorization_endpoint: always(request('Use the token endpoint', 'grant_type=client_credentials')),
  audit_full: always(
    command('Check whether the database can be written', 'tessera config check'),
    command('See what the server lacks', 'tessera health --ready'),
  ),
} as const satisfies Readonly<Record<string, Advise>>

const ADMIN_TOKEN = command(
  'Get a token for the admin API',
  'tessera token --issuer <issuer> --client-id <client-id> --resource urn:tessera:admin',
)

/** Advice on requests to the admin API. */
export const adminAdvice = {
  admin_not_authenticated: always(ADMIN_TOKEN),
  admin_token_inactive: always(
    command('See why the token is not active', 'tessera introspect token-file'),
    ADMIN_TOKEN,
  ),
  admin_token_bound: always(request('Prove the key of the token (RFC 9449 §7)', 'DPoP: <proof>')),
  admin_not_allowed: always(
    clientEntry('Give the client the permission', 'grants: [{ api: "urn:tessera:admin", scopes: ["clients:read"] }]'),
  ),
  admin_content_type: always(request('Say that the body is JSON', 'Content-Type: application/json')),
  admin_body: always(request('Send JSON in UTF-8', '{"client_id":"job"}')),
  admin_too_many_calls: always(request('Wait for answers before you send more calls', 'Retry-After: 1')),
} as const satisfies Readonly<Record<string, Advise>>
