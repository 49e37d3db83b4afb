import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { authorityOf, ensureCertificate } from '../../../src/cli/dev/certificate.ts'
import { systemRandom } from '../../../src/platform/random.ts'

const DAY = 24 * 3600 * 1000

let folder: string
let now: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-dev-tls-'))
  now = Date.now()
})
afterEach(() => rmSync(folder, { recursive: true }))

const ensure = () => ensureCertificate(folder, { now: () => now, monotonic: () => now }, systemRandom)
const read = (name: string) => readFileSync(join(folder, 'tls', name), 'utf8')
const files = () =>
  Object.fromEntries(['ca.pem', 'ca-key.pem', 'cert.pem', 'key.pem'].map((name) => [name, read(name)]))

/** Whether a client that trusts only the CA connects to a server with this certificate under this name. */
async function connects(pem: { cert: string; key: string }, servername: string): Promise<true | string> {
  const server = createServer(pem).on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ host: '127.0.0.1', port, servername, ca: read('ca.pem') })
  try {
    await once(socket, 'secureConnect')
    return true
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  } finally {
    socket.destroy()
    server.close()
  }
}

const pair = () => ({ cert: read('cert.pem'), key: read('key.pem') })

test('the certificate is issued by a CA of its own, and only for this machine', async () => {
  ensure()
  expect(await connects(pair(), 'localhost')).toBe(true)
  const [authority, leaf] = [new X509Certificate(read('ca.pem')), new X509Certificate(read('cert.pem'))]
  expect([authority.ca, leaf.ca, leaf.checkIssued(authority)]).toEqual([true, false, true])
  expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
  // id-kp-serverAuth (RFC 5280 §4.2.1.12).
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  // Other servers that use the file present the whole chain, and clients that trust the file trust the CA.
  expect(read('cert.pem')).toContain(read('ca.pem').trim())
  ensureCertificate(join(folder, 'other'), { now: () => now, monotonic: () => now }, systemRandom)
  const other = new X509Certificate(readFileSync(authorityOf(join(folder, 'other'))))
  expect(other.subject).not.toBe(authority.subject)
})

test('its extensions are those that RFC 5280 requires', async () => {
  ensure()
  const extensionsOf = (name: string) =>
    Object.fromEntries(new x509.X509Certificate(read(name)).extensions.map(({ type, critical }) => [type, critical]))
  const [keyIdentifier, keyUsage, alternativeName, constraints] = ['2.5.29.14', '2.5.29.15', '2.5.29.17', '2.5.29.19']
  const [nameConstraints, authorityKeyIdentifier, extendedKeyUsage] = ['2.5.29.30', '2.5.29.35', '2.5.29.37']
  expect(extensionsOf('ca.pem')).toEqual({
    [constraints]: true,
    [keyUsage]: true,
    [nameConstraints]: true,
    [keyIdentifier]: false,
  })
  expect(extensionsOf('cert.pem')).toEqual({
    [constraints]: true,
    [keyUsage]: true,
    [extendedKeyUsage]: false,
    [alternativeName]: false,
    [authorityKeyIdentifier]: false,
    [keyIdentifier]: false,
  })
  const [authority, leaf] = [new x509.X509Certificate(read('ca.pem')), new x509.X509Certificate(read('cert.pem'))]
  expect(authority.getExtension(x509.BasicConstraintsExtension)).toMatchObject({ ca: true, pathLength: 0 })
  expect(authority.getExtension(x509.KeyUsagesExtension)?.usages).toBe(
    x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
  )
  expect(leaf.getExtension(x509.BasicConstraintsExtension)).toMatchObject({ ca: false })
  expect(leaf.getExtension(x509.KeyUsagesExtension)?.usages).toBe(x509.KeyUsageFlags.digitalSignature)
  const { keyId } = leaf.getExtension(x509.AuthorityKeyIdentifierExtension) ?? {}
  expect(keyId).toBe(authority.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId)
  expect(leaf.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId).toBe(
    Buffer.from(await leaf.publicKey.getKeyIdentifier()).toString('hex'),
  )
})

test('others may read certificates and no keys, whatever the umask', async () => {
  const before = process.umask(0o077)
  ensure()
  process.umask(before)
  const modes = Object.keys(files()).map((name) => [
    name,
    (statSync(join(folder, 'tls', name)).mode & 0o777).toString(8),
  ])
  expect(Object.fromEntries(modes)).toEqual({
    'ca.pem': '644',
    'ca-key.pem': '600',
    'cert.pem': '644',
    'key.pem': '600',
  })
})

test('its CA can certify only this machine', async () => {
  ensure()
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const pkcs8 = createPrivateKey(read('ca-key.pem')).export({ format: 'der', type: 'pkcs8' })
  const sign = async (name: x509.JsonGeneralName) => {
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: '02',
      subject: 'CN=x',
      issuer: new x509.X509Certificate(read('ca.pem')).subject,
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + DAY),
      publicKey: keys.publicKey,
      signingKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([name])],
    })
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
    return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
  expect(await connects(await sign({ type: 'dns', value: 'localhost' }), 'localhost')).toBe(true)
  const bank = await sign({ type: 'dns', value: 'bank.example.com' })
  expect(await connects(bank, 'bank.example.com')).toBe('permitted subtree violation')
})

describe('a second start', () => {
  test('uses the existing files', async () => {
    ensure()
    const before = files()
    now += 366 * DAY
    ensure()
    expect(files()).toEqual(before)
  })

  test('renews the certificate in time, under the same CA', async () => {
    ensure()
    const before = files()
    now += 368 * DAY
    ensure()
    const after = files()
    expect([after['ca.pem'], after['ca-key.pem']]).toEqual([before['ca.pem'], before['ca-key.pem']])
    expect(after['cert.pem']).not.toBe(before['cert.pem'])
    expect(new X509Certificate(read('cert.pem')).verify(new X509Certificate(read('ca.pem')).publicKey)).toBe(true)
  })

  test('renews the CA before a certificate would outlive it', async () => {
    ensure()
    const before = read('ca.pem')
    now += 9 * 365 * DAY
    ensure()
    expect(read('ca.pem')).not.toBe(before)
    expect(new X509Certificate(read('cert.pem')).checkIssued(new X509Certificate(read('ca.pem')))).toBe(true)
  })

  test('doesn’t need the CA’s key until then', async () => {
    ensure()
    rmSync(join(folder, 'tls', 'ca-key.pem'))
    const before = read('cert.pem')
    ensure()
    expect(read('cert.pem')).toBe(before)
  })

  const harms: [string, () => void][] = [
    ['a self-signed certificate of an earlier version', () => rmSync(join(folder, 'tls', 'ca.pem'))],
    [
      'a missing CA',
      () => {
        for (const name of ['ca.pem', 'ca-key.pem']) rmSync(join(folder, 'tls', name))
      },
    ],
    ['no key', () => rmSync(join(folder, 'tls', 'key.pem'))],
    ['a damaged certificate', () => writeFileSync(join(folder, 'tls', 'cert.pem'), '-----BEGIN CERTIFICATE-----\nAA')],
    ['an empty key', () => writeFileSync(join(folder, 'tls', 'key.pem'), '')],
    ['a key of another certificate', () => writeFileSync(join(folder, 'tls', 'key.pem'), read('ca-key.pem'))],
    ['a damaged CA', () => writeFileSync(join(folder, 'tls', 'ca.pem'), 'x')],
  ]
  test.each(harms)('replaces %s', async (_name, harm) => {
    ensure()
    harm()
    ensure()
    expect(await connects(pair(), 'localhost')).toBe(true)
    const mended = files()
    ensure()
    expect(files()).toEqual(mended)
  })
})
