/**
 * A resource server that enforces every member of `cnf` (RFC 7800 §3.1): a DPoP proof and a certificate, each if the
 * token names its key. It verifies independently, with jose and Node.
 */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { calculateJwkThumbprint, createRemoteJWKSet, EmbeddedJWK, jwtVerify } from 'jose'
import { inject } from 'vitest'

export interface StrictApi {
  readonly url: string
  stop(): Promise<void>
}

interface Settings {
  readonly issuer: string
  readonly audience: string
}

/** Starts a resource server on the loopback interface. */
export async function startStrictApi(settings: Settings): Promise<StrictApi> {
  const keys = createRemoteJWKSet(new URL(`${settings.issuer}/pf/JWKS`))
  const seen = new Set<string>()
  const tls = { cert: readFileSync(inject('tls').cert), key: readFileSync(inject('tls').key) }
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    admit(request).then(
      () => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"accounts":[]}'),
      (error: unknown) => response.writeHead(401).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/accounts`

  async function admit(request: IncomingMessage): Promise<void> {
    if (request.url !== '/accounts') throw new Error('a token in the query is none (RFC 9700 §4.3.2)')
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ')
    const { payload } = await jwtVerify(token, keys, { ...settings, typ: 'at+jwt' })
    const { jkt, 'x5t#S256': x5t, ...unknown } = (payload['cnf'] ?? {}) as Record<string, unknown>
    if (Object.keys(unknown).length > 0) throw new Error('cnf has a member that is not known here')
    if (jkt === undefined && x5t === undefined) throw new Error('the token is bound to nothing')
    if (scheme.toLowerCase() !== (jkt === undefined ? 'bearer' : 'dpop')) throw new Error(`not for ${scheme}`)
    if (jkt !== undefined) await checkProof(request, token, jkt)
    if (x5t !== undefined) checkCertificate(request, x5t)
  }

  /** RFC 9449 §4.3, §7.1. */
  async function checkProof({ method, headers }: IncomingMessage, token: string, jkt: unknown): Promise<void> {
    const { payload, protectedHeader } = await jwtVerify(String(headers['dpop'] ?? ''), EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['PS256', 'ES256', 'EdDSA'],
      clockTolerance: 10,
      requiredClaims: ['jti', 'htm', 'htu', 'iat', 'ath'],
    })
    const { jti = '', iat = 0, htm, htu, ath } = payload
    if (protectedHeader.jwk === undefined || 'd' in protectedHeader.jwk) throw new Error('jwk')
    if ((await calculateJwkThumbprint(protectedHeader.jwk)) !== jkt) throw new Error('another key')
    if (htm !== method || new URL(String(htu)).href !== url) throw new Error('htm, htu')
    if (ath !== createHash('sha256').update(token).digest('base64url')) throw new Error('ath')
    if (Math.abs(Date.now() / 1000 - iat) > 60) throw new Error('iat')
    if (seen.has(jti)) throw new Error('jti')
    seen.add(jti)
  }

  /** RFC 8705 §3. */
  function checkCertificate({ socket }: IncomingMessage, x5t: unknown): void {
    const certificate = (socket as TLSSocket).getPeerX509Certificate()
    const thumbprint = certificate && createHash('sha256').update(certificate.raw).digest('base64url')
    if (thumbprint !== x5t) throw new Error('another certificate, or none')
  }

  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
