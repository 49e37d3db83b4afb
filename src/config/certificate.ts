import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { TrustAnchors } from '../client-auth/certificates/anchors.ts'
import { PURPOSE } from '../crypto/x509/contents.ts'
import { readPem } from '../crypto/x509/pem.ts'
import { publicKeyOf, weaknessOf } from '../crypto/x509/strength.ts'
import { DAY_MS } from '../platform/clock.ts'
import { codeOf } from '../platform/system-error.ts'
import { type MistakeList, UserError } from '../platform/user-error.ts'
import { readPemFile, refuseOpenFile } from './files.ts'
import { problem } from './problem.ts'

/** The certificate chain and private key of the server, in PEM. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

/** The paths of a certificate and its key. */
interface Files {
  readonly cert: string
  readonly key: string
}

/** A warning comes this early, so that a person has time to renew. A shorter-lived certificate gets it in its last fifth. */
const RENEW_WITHIN_MS = 14 * DAY_MS
/** The clocks of an authority and of this machine may differ by this much. */
const SKEW_MS = 5 * 60 * 1000
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/

const CONVERT_CERTIFICATE = 'openssl x509 -inform der -in FILE -out FILE.pem'
const CONVERT_KEY = 'openssl pkey -inform der -in FILE -out FILE.pem'

/** Reads the server's certificate and key. Collects every mistake that would break TLS. */
export function readServerCertificate(files: Files, now: number, mistakes: MistakeList): ServerCertificate | undefined {
  const before = mistakes.all.length
  const cert = mistakes.take(() => readPemFile('tls.cert', files.cert, CONVERT_CERTIFICATE))
  const chain = cert === undefined ? undefined : mistakes.take(() => parseCertificates('tls.cert', files.cert, cert))
  if (cert !== undefined && PRIVATE_KEY.test(cert)) mistakes.take(() => refuseOpenFile('tls.cert', files.cert))
  const key = mistakes.take(() => readPemFile('tls.key', files.key, CONVERT_KEY))
  if (key !== undefined) mistakes.take(() => refuseOpenFile('tls.key', files.key))
  const privateKey = key === undefined ? undefined : mistakes.take(() => parsePrivateKey(files.key, key))
  const [leaf] = chain ?? []
  if (leaf !== undefined) mistakes.take(() => refuseLeaf(files.cert, leaf, now))
  if (chain !== undefined && privateKey !== undefined) mistakes.take(() => refuseMismatch(files, chain, privateKey))
  if (cert === undefined || key === undefined || mistakes.all.length > before) return undefined
  mistakes.take(() => refuseUnusable(files.cert, { cert, key }))
  return mistakes.all.length > before ? undefined : { cert, key }
}

/** Parses certificates in PEM (RFC 7468 §5), the server's own first. @throws ConfigError */
function parseCertificates(setting: string, file: string, pem: string): readonly X509Certificate[] {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    const swapped = PRIVATE_KEY.test(pem) ? 'has a private key, but no certificate in PEM' : 'has no certificate in PEM'
    throw problem(setting, file, swapped)
  }
  const { certificates } = readPem(pem)
  return certificates.map((der, index) => {
    if (der === undefined)
      throw problem(setting, file, `certificate ${index + 1} in it is damaged: its base64 is invalid or cut off`)
    try {
      return new X509Certificate(der)
    } catch (error) {
      if (codeOf(error) === undefined) throw error
      throw problem(setting, file, `certificate ${index + 1} in it can't be read`)
    }
  })
}

function parsePrivateKey(file: string, pem: string): KeyObject {
  const mend = (message: string) => problem('tls.key', file, message)
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    throw mend('is encrypted with a passphrase: remove it with `openssl pkey -in FILE -out FILE.plain`')
  if (pem.includes('-----BEGIN OPENSSH PRIVATE KEY-----'))
    throw mend('has the format of OpenSSH: convert it to PEM with `ssh-keygen -p -m PEM -f FILE`')
  if (!PRIVATE_KEY.test(pem)) {
    throw mend(
      pem.includes('-----BEGIN CERTIFICATE')
        ? 'has a certificate, but no private key in PEM'
        : 'has no private key in PEM',
    )
  }
  try {
    return createPrivateKey(pem)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    throw mend('its private key is damaged, or of an unknown kind')
  }
}

/** @throws ConfigError if no client would accept the certificate */
function refuseLeaf(file: string, leaf: X509Certificate, now: number): void {
  const { validFromDate, validToDate } = leaf
  if (now > validToDate.getTime())
    throw problem('tls.cert', file, `the certificate has expired, on ${validToDate.toISOString()}: renew it`)
  if (now < validFromDate.getTime() - SKEW_MS)
    throw problem(
      'tls.cert',
      file,
      `the certificate is not valid before ${validFromDate.toISOString()}: is the clock right?`,
    )
  const weakness = weaknessOf(publicKeyOf(leaf))
  if (weakness !== undefined)
    throw problem(
      'tls.cert',
      file,
      `clients refuse its key, which is ${weakness}: use RSA of 2048 bits or more, or P-256`,
    )
}

function refuseMismatch(files: Files, chain: readonly X509Certificate[], key: KeyObject): void {
  const fits = chain.findIndex((certificate) => certificate.checkPrivateKey(key))
  if (fits === 0) return
  throw fits === -1
    ? problem('tls.key', files.key, `does not belong to the certificate in ${files.cert}`)
    : problem(
        'tls.cert',
        files.cert,
        `the key belongs to certificate ${fits + 1} in it: the server's own must come first`,
      )
}

/** Lets OpenSSL load the certificate, since it has its own limits, such as for the strength of each signature in the chain. */
function refuseUnusable(file: string, certificate: ServerCertificate): void {
  try {
    createSecureContext(certificate)
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    const weak = /TOO_SMALL|TOO_WEAK|WEAK_KEY/.test(code)
    throw problem(
      'tls.cert',
      file,
      weak ? 'a key or signature in it is too weak for TLS' : 'OpenSSL can not use it for TLS',
    )
  }
}

/** Reads the authorities of client certificates. @throws ConfigError if there is none, or if one is not an authority */
export function readClientAuthorities(file: string): string {
  const pem = readAuthorities('tls.client_ca', file)
  try {
    TrustAnchors.parse(pem)
  } catch (error) {
    throw error instanceof UserError ? problem('tls.client_ca', file, error.message) : error
  }
  return pem
}

/** Reads certificates to trust. @throws ConfigError if the file has none */
export function readAuthorities(setting: string, file: string): string {
  const pem = readPemFile(setting, file, CONVERT_CERTIFICATE)
  parseCertificates(setting, file, pem)
  return pem
}

/** The certificates of a server, and the host at which clients see them. */
export interface CertificateUse {
  readonly certificate: ServerCertificate | undefined
  readonly clientAuthorities: string | undefined
  /** The host that clients connect to; undefined behind a proxy, which has its own certificate. */
  readonly host: string | undefined
}

/** Warnings about certificates that still work. Each begins with the option's name. */
export function certificateWarnings(
  { certificate, clientAuthorities, host }: CertificateUse,
  now: number,
): readonly string[] {
  return [
    ...(certificate === undefined ? [] : chainWarnings(certificatesOf(certificate.cert), host, now)),
    ...(clientAuthorities === undefined ? [] : authorityWarnings(certificatesOf(clientAuthorities), now)),
  ]
}

/** The time at which the certificate of a server expires, in milliseconds. */
export const expiryOf = ({ cert }: ServerCertificate): number => new X509Certificate(cert).validToDate.getTime()

const certificatesOf = (pem: string): readonly X509Certificate[] =>
  readPem(pem).certificates.flatMap((der) => (der === undefined ? [] : [new X509Certificate(der)]))

function chainWarnings(chain: readonly X509Certificate[], host: string | undefined, now: number): readonly string[] {
  const [leaf, ...issuers] = chain
  if (leaf === undefined) return []
  const { validFromDate, validToDate, keyUsage } = leaf
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()]
  const isFor = (name: string) =>
    (isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)) !== undefined
  const isForServers = keyUsage === undefined || [PURPOSE.serverAuth, PURPOSE.any].some((use) => keyUsage.includes(use))
  const misplaced = issuers.findIndex((issuer, index) => chain[index]?.checkIssued(issuer) === false)
  const expired = issuers.findIndex((issuer) => now > issuer.validToDate.getTime())
  return [
    now > to - Math.min(RENEW_WITHIN_MS, (to - from) / 5) &&
      `the certificate expires on ${validToDate.toISOString()}, in ${inWords(to - now)}: renew it`,
    now < from && `the certificate is not valid before ${validFromDate.toISOString()}`,
    host !== undefined &&
      !isFor(host) &&
      `the certificate is not for ${host}, the host of issuer: clients will refuse it`,
    !isForServers &&
      'the certificate is not for servers (its extendedKeyUsage lacks serverAuth): clients will refuse it',
    misplaced !== -1 &&
      `certificate ${misplaced + 2} did not issue certificate ${misplaced + 1}: put each before its issuer`,
    expired !== -1 && `certificate ${expired + 2} of the chain has expired: clients may refuse it`,
  ].flatMap((warning) => (warning === false ? [] : [`tls.cert: ${warning}`]))
}

const authorityWarnings = (authorities: readonly X509Certificate[], now: number): readonly string[] =>
  authorities.flatMap((authority, index) =>
    now > authority.validToDate.getTime()
      ? [`tls.client_ca: authority ${index + 1} has expired, so its certificates are refused`]
      : [],
  )

function inWords(time: number): string {
  const [count, unit] =
    time < 2 * DAY_MS ? [Math.max(0, Math.floor(time / 3_600_000)), 'hours'] : [Math.floor(time / DAY_MS), 'days']
  return `${count} ${unit}`
}
