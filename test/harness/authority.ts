/** An authority of our own and what it issues, valid by the machine's clock; and requests that present a certificate. */

import { request as requestInClear } from 'node:http'
import { type Agent, type RequestOptions, request } from 'node:https'
import type { SecureContextOptions, SecureVersion, TLSSocket } from 'node:tls'
import { expect } from 'vitest'
import type { StoredAuditEvent } from '../../src/audit/store.ts'
import { thumbprintOf } from '../../src/crypto/x509/peer.ts'
import { DAY, digitalSignature, extendedUsage, type Issued, issue, keyPem, notCa, usage } from './certificates.ts'
import type { TestServer } from './server.ts'

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** From yesterday until tomorrow, or so many days from now. */
export const current = (days = 1) => ({ notBefore: Date.now() - DAY, notAfter: Date.now() + days * DAY })

interface Spec extends NonNullable<Parameters<typeof issue>[0]> {
  /** The OID of what it is for, if that is not to authenticate clients. */
  readonly purpose?: string
}

/** What an authority issues to its clients; for what is changed, something else. */
export const issueLeaf = ({ extensions = [], purpose = CLIENT_AUTH, ...spec }: Spec = {}): Promise<Issued> =>
  issue({
    ...current(),
    extensions: [notCa, usage(digitalSignature), extendedUsage(purpose), ...extensions],
    ...spec,
  })

/** `x5t#S256` (RFC 8705 §3.1). */
export const thumbprint = ({ certificate }: Issued): string => thumbprintOf(certificate)

/** What a client needs to present a certificate, and whatever it sends along. */
export const identity = async (leaf: Issued, ...chain: readonly Issued[]): Promise<SecureContextOptions> => ({
  cert: [leaf, ...chain].map(({ pem }) => pem).join('\n'),
  key: await keyPem(leaf),
})

/** How to connect: with which certificate, and what else Node's TLS takes. */
interface Connecting extends SecureContextOptions {
  readonly version?: SecureVersion
  /** Keeps TLS sessions; then it has the certificate. */
  readonly agent?: Agent
}

interface Sent {
  readonly method?: 'GET' | 'POST'
  readonly form?: string
  /** An array goes as so many headers. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly tls?: Connecting
  /** Told of the connection that the answer came over. */
  readonly onSocket?: (socket: TLSSocket) => void
}

/** A request over a connection of its own. */
export function send(
  url: string | URL,
  { method = 'POST', form, headers = {}, tls: { version, agent, ...tls } = {}, onSocket }: Sent,
): Promise<Response> {
  const options: RequestOptions = {
    method,
    agent: agent ?? false,
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

/** Asks for a token in the name of a client, which proves itself by what it connects with. */
export const askAs = (server: TestServer, clientId: string, { form, ...sent }: Asked = {}): Promise<Response> =>
  send(tokenUrl(server), {
    ...sent,
    form: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, ...form }).toString(),
  })

/** Requires the 401 that a wrong secret gets, to the byte, and that the audit log says why. */
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
  expect({ status: response.status, body: await response.text(), headers }).toEqual({
    status: 401,
    body: '{"error":"invalid_client","error_description":"Invalid client or client credentials"}',
    headers: {
      'www-authenticate': `Basic realm="${server.issuer}", charset="UTF-8"`,
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'content-length': '85',
    },
  })
  const events = await server.audit(id ?? '')
  expect(events).toMatchObject([{ type: 'token.issue', result: 'refused', ...expected }])
  return events[0]
}
