import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import { DAY_MS } from '../../platform/clock.ts'
import { makeFolder } from '../../platform/files.ts'
import { makePrivate } from '../../platform/private-files.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { certifyLocalhost, LEAF_MS, makeAuthority } from './authority.ts'
import { writePrivateFile, writePublicFile } from './files.ts'

/** A certificate with less than this lifetime left is replaced, since a server may run for long. */
const RENEWED_MS = 30 * DAY_MS

/** The path of the authority that clients must trust when the server uses the certificate of a data folder. */
export const authorityOf = (folder: string): string => join(folder, 'tls', 'ca.pem')

/**
 * The paths of a certificate for localhost and of its key. If the certificate is missing or expires soon, both are made anew. The
 * authority is made once and stays for years, so that clients need to trust it only once.
 * @param folder the data folder
 */
export function ensureCertificate(folder: string, clock: Clock, random: RandomBytes) {
  const at = (name: string) => join(folder, 'tls', name)
  const paths = { cert: at('cert.pem'), key: at('key.pem') }
  const authority = { cert: authorityOf(folder), key: at('ca-key.pem') }
  const now = clock.now()
  const current = readPair(paths)
  const trusted = readCertificate(authority.cert)
  if (current !== undefined && trusted !== undefined && isGood(current.certificate, trusted, now)) {
    makePrivate(paths.key)
    makePrivate(authority.key)
    return paths
  }

  makeFolder(at(''))
  // Other users, such as that of a daemon, may read the certificates, but never the keys.
  chmodSync(at(''), 0o755)
  const issuer = readPair(authority)
  const isLasting = issuer?.certificate.ca === true && isWithin(issuer.certificate, now + LEAF_MS)
  const means = { clock, random }
  const certifier = isLasting ? issuer.pem : makeAuthority(means)
  if (!isLasting) {
    writePrivateFile(authority.key, certifier.privateKey)
    writePublicFile(authority.cert, certifier.certificate)
  }
  const certified = certifyLocalhost(certifier, means)
  writePrivateFile(paths.key, certified.privateKey)
  writePublicFile(paths.cert, certified.certificate)
  return paths
}

/** A certificate and its key; undefined if one is missing or damaged, or they don't belong together. */
function readPair({ cert, key }: { readonly cert: string; readonly key: string }) {
  const certificate = readCertificate(cert)
  if (certificate === undefined || !existsSync(key)) return undefined
  const pem = { certificate: readFileSync(cert, 'utf8'), privateKey: readFileSync(key, 'utf8') }
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem.privateKey)) ? { certificate, pem } : undefined
  } catch {
    return undefined
  }
}

/** The first certificate in a file; undefined if the file is missing or unreadable. */
function readCertificate(file: string): X509Certificate | undefined {
  if (!existsSync(file)) return undefined
  try {
    return new X509Certificate(readFileSync(file))
  } catch {
    return undefined
  }
}

const isGood = (certificate: X509Certificate, issuer: X509Certificate, now: number): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey) && isWithin(certificate, now + RENEWED_MS)

const isWithin = ({ validToDate }: X509Certificate, time: number): boolean => validToDate.getTime() > time
