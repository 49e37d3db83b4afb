import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { TrustAnchors } from '../../../src/client-auth/certificates/anchors.ts'
import { checkChain } from '../../../src/client-auth/certificates/chain.ts'
import { certificateOfSocket, type PresentedCertificate } from '../../../src/crypto/x509/peer.ts'
import { type Issued, issue, issueAuthority, keyPem, NOW } from '../../harness/certificates.ts'

const root = await issueAuthority('CN=Root')
const first = await issueAuthority('CN=First', root)
const second = await issueAuthority('CN=Second', first)
const stranger = await issueAuthority('CN=Stranger')
const server = await issue({ subject: 'CN=localhost' })
const client = await issue({ subject: 'CN=client', issuer: second })
const selfSigned = await issue({ subject: 'CN=alone' })

let stop: (() => void) | undefined
afterEach(() => stop?.())

/** Starts a server that reports the certificate of each connection. @returns also a function that connects to it */
async function start(version: SecureVersion) {
  const versions = { minVersion: version, maxVersion: version } as const
  const seen: (PresentedCertificate | undefined)[] = []
  const options = { requestCert: true, rejectUnauthorized: false, ...versions }
  const listener = createServer({ cert: server.pem, key: await keyPem(server), ...options }, (socket: TLSSocket) => {
    seen.push(certificateOfSocket(socket))
    socket.end('seen')
  })
  stop = () => listener.close()
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const { port } = listener.address() as AddressInfo

  let session: Buffer | undefined
  return async (leaf?: Issued, ...chain: readonly Issued[]): Promise<PresentedCertificate | undefined> => {
    const own = leaf && { cert: [leaf, ...chain].map(({ pem }) => pem).join('\n'), key: await keyPem(leaf) }
    const socket = connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...versions,
      ...own,
      ...(session && { session }),
    })
    // In TLS 1.3 the ticket comes after the handshake.
    socket.on('session', (ticket: Buffer) => {
      session = ticket
    })
    socket.resume()
    await once(socket, 'close')
    return seen.at(-1)
  }
}

const names = (presented: PresentedCertificate | undefined) =>
  presented && [presented.leaf, ...presented.chain].map(({ x509 }) => x509.subject)

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  const cases: readonly (readonly [string, readonly Issued[], readonly string[]])[] = [
    ['a chain', [client, second, first], ['CN=client', 'CN=Second', 'CN=First']],
    ['a chain with its root', [client, second, first, root], ['CN=client', 'CN=Second', 'CN=First', 'CN=Root']],
    [
      'forged-certificate-header: a chain in the wrong order, with one certificate too many',
      [client, stranger, first, second],
      ['CN=client', 'CN=Stranger', 'CN=First', 'CN=Second'],
    ],
  ]
  test.each(cases)('%s', async (_name, sent, expected) => {
    const open = await start(version)
    const [leaf, ...chain] = sent
    const presented = await open(leaf, ...chain)
    expect(names(presented)).toEqual(expected)
    expect(presented?.isResumed).toBe(false)
    expect(presented && checkChain(presented, TrustAnchors.parse(root.pem), NOW)).toBeUndefined()
  })

  test('a self-signed certificate, and its thumbprint', async () => {
    const presented = await (await start(version))(selfSigned)
    expect(names(presented)).toEqual(['CN=alone'])
    const hex = selfSigned.certificate.fingerprint256.replaceAll(':', '')
    expect(presented?.thumbprint).toBe(Buffer.from(hex, 'hex').toString('base64url'))
  })

  test('no certificate', async () => {
    expect(await (await start(version))()).toBeUndefined()
  })

  test('an overlong chain is marked as such', async () => {
    const crowd = await Promise.all(Array.from({ length: 9 }, (_, index) => issueAuthority(`CN=Crowd ${index}`)))
    const presented = await (await start(version))(client, ...crowd)
    expect(presented && checkChain(presented, TrustAnchors.parse(root.pem), NOW)).toMatchObject({
      detail: { problem: 'chain_too_long' },
    })
  })

  test('a resumed session has the leaf, and the verified part of its chain', async () => {
    const open = await start(version)
    const anchors = TrustAnchors.parse(root.pem)
    const full = await open(client, second, first)
    expect(full && checkChain(full, anchors, NOW)).toBeUndefined()
    const resumed = await open(client, second, first)
    expect(resumed).toMatchObject({ isResumed: true, thumbprint: full?.thumbprint })
    expect(names(resumed)).toEqual(['CN=client'])
    expect(resumed && checkChain(resumed, anchors, NOW)).toBeUndefined()
    expect(resumed && checkChain(resumed, TrustAnchors.parse(root.pem), NOW)).toMatchObject({
      reason: 'certificate_untrusted',
    })
  })
})
