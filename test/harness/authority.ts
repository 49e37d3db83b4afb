/** A test CA with certificates that are valid now, and requests that present a client certificate. */

import { request as requestInClear } from 'node:http'
import { type Agent, type RequestOptions, request } from 'node:https'
import type { SecureContextOptions, SecureVersion, TLSSocket } from 'node:tls'
import { expect } from 'vitest'
import type { StoredAuditEvent } from '../../src/audit/store.ts'
import { thumbprintOf } from '../../src/crypto/x509/peer.ts'
import { DAY, digitalSignature, extendedUsage, type Issued, issue, keyPem, notCa, usage } from './certificates.ts'
import { UNAUTHENTICATED, UNAUTHENTICATED_LENGTH, withoutRequestId } from './refused.ts'
import type { TestServer } from './server.ts'

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** A validity from yesterday until tomorrow, or until `days` from now. */
export const current = (days = 1) => ({ notBefore: Date.now() - DAY, notAfter: Date.now() + days * DAY })

interface Spec extends NonNullable<Parameters<typeof issue>[0]> {
  /** The OID of the extended key usage. The default is client authentication. */
  readonly purpose?: string
}

/** Issues a client certificate, with the changes of `spec`. */
export const issueLeaf = ({ extensions = [], purpose = CLIENT_AUTH, ...spec }: Spec = {}): Promise<Issued> =>
  issue({
    ...current(),
    extensions: [notCa, usage(digitalSignature), extendedUsage(purpose), ...extensions],
    ...spec,
  })

/** `x5t#S256` (RFC 8705 §3.1). */
export const thumbprint = ({ certificate }: Issued): string => thumbprintOf(certificate)

/** The TLS options of a client that presents a certificate, followed by a chain. */
export const identity = async (leaf: Issued, ...chain: readonly Issued[]): Promise<SecureContextOptions> => ({
  cert: [leaf, ...chain].map(({ pem }) => pem).join('\n'),
  key: await keyPem(leaf),
})

/** The options of a TLS connection, such as the client certificate. */
interface Connecting extends SecureContextOptions {
  readonly version?: SecureVersion
  /** An address of this machine, in IPv4, that the connection comes from. */
  readonly localAddress?: string
  /** An agent that keeps TLS sessions. The agent then holds the certificate. */
  readonly agent?: Agent
}

interface Sent {
  readonly method?: 'GET' | 'POST'
  readonly form?: string
  /** An array sends one header for each of its values. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly tls?: Connecting
  /** Called with the connection that the answer came over. */
  readonly onSocket?: (socket: TLSSocket) => void
}

/** Sends a request over a new connection. */
export function send(
  url: string | URL,
  { method = 'POST', form, headers = {}, tls: { version, agent, ...tls } = {}, onSocket }: Sent,
): Promise<Response> {
  const options: RequestOptions = {
    method,
    agent: agent ?? false,
    ...(tls.localAddress !== undefined && { family: 4 }),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    ...tls,
    ...(version && { minVersion: version, maxVersion: version }),
  }
  return new Promise((resolve, reject) => {
    const start = String(url).startsWith('http:') ? requestInClear : request
    const sent = start(url, options, async (message) => {
      onSocket?.(message.socket as TLSSocket)
      const body = Buffer.concat(await message.toArray())
      const all = Object.entries(message.headersDistinct)
      const pairs = all.flatMap(([name, values = []]) => values.map((value): [string, string] => [name, value]))
      resolve(new Response(body, { status: message.statusCode ?? 0, headers: pairs }))
    })
    sent.on('error', reject)
    sent.end(form)
  })
}

export const tokenUrl = ({ issuer }: TestServer): string => `${issuer}/as/token.oauth2`

interface Asked extends Omit<Sent, 'form' | 'method'> {
  readonly form?: Readonly<Record<string, string>>
}

/** Asks for a token for a client that authenticates with its TLS certificate. */
export const askAs = (server: TestServer, clientId: string, { form, ...sent }: Asked = {}): Promise<Response> =>
  send(tokenUrl(server), {
    ...sent,
    form: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, ...form }).toString(),
  })

/** Requires the 401 that a wrong secret gets, byte for byte, and that the audit log has the reason. */
export async function expectUnauthenticated(
  server: TestServer,
  response: Response,
  expected: { readonly reason: string; readonly clientId?: string | undefined; readonly detail?: object },
): Promise<StoredAuditEvent | undefined> {
  const {
    'x-request-id': id,
    date: _date,
    connection: _connection,
    'keep-alive': _alive,
    ...headers
  } = Object.fromEntries(response.headers)
  expect({ status: response.status, body: withoutRequestId(await response.text(), id), headers }).toEqual({
    status: 401,
    body: UNAUTHENTICATED,
    headers: {
      'www-authenticate': `Basic realm="${server.issuer}", charset="UTF-8"`,
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'content-length': UNAUTHENTICATED_LENGTH,
    },
  })
  const events = await server.audit(id ?? '')
  expect(events).toMatchObject([{ type: 'token.issue', result: 'refused', ...expected }])
  return events[0]
}
