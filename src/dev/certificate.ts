/**
 * What `tessera dev` adds to the server: things made once in a data folder, and sample data. May import `platform`,
 * `config`, `keys`.
 */

import { webcrypto, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import { makeFolder } from '../platform/files.ts'
import type { RandomBytes } from '../platform/random.ts'
import { codeOf } from '../platform/system-error.ts'
import { writePrivateFile } from './private-file.ts'

/** Milliseconds; what browsers accept at the most. */
const VALIDITY = 397 * 24 * 3600 * 1000

/**
 * The paths of a self-signed certificate for localhost, made where there is none that is still valid.
 * @param folder the data folder
 */
export async function ensureCertificate(folder: string, clock: Clock, random: RandomBytes) {
  const paths = { cert: join(folder, 'tls', 'cert.pem'), key: join(folder, 'tls', 'key.pem') }
  if (existsSync(paths.key) && isValid(paths.cert, clock)) return paths
  const { certificate, privateKey } = await selfSigned(clock, random)
  makeFolder(join(folder, 'tls'))
  writePrivateFile(paths.key, privateKey)
  writePrivateFile(paths.cert, certificate)
  return paths
}

function isValid(file: string, clock: Clock): boolean {
  if (!existsSync(file)) return false
  try {
    return new X509Certificate(readFileSync(file)).validToDate.getTime() > clock.now()
  } catch (error) {
    // A damaged certificate is replaced.
    if (codeOf(error)?.startsWith('ERR_OSSL')) return false
    throw error
  }
}

async function selfSigned(clock: Clock, random: RandomBytes) {
  // Loaded for the one start that needs them; the second needs the first.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  // RFC 5280 §4.1.2.2: a positive number.
  const serialNumber = `01${random(15).toString('hex')}`
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: 'CN=localhost, O=Tessera development',
    notBefore: new Date(clock.now()),
    notAfter: new Date(clock.now() + VALIDITY),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    certificate: certificate.toString('pem'),
    privateKey: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  }
}
