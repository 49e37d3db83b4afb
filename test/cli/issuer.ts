/** An outside issuer of tokens on loopback. May import the harness. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate, sendJson, startSource } from '../harness/source.ts'
import { makeSigner, signWith } from '../harness/tokens.ts'

export interface Issuer {
  readonly url: string
  /** The options of a server that trusts this issuer's certificate. */
  readonly options: Readonly<Record<string, string>>
  /** The same options as an environment. */
  readonly env: Readonly<Record<string, string>>
  /** Signs a token of the issuer. */
  sign(claims: object): Promise<string>
  stop(): Promise<void>
}

/** Starts an issuer with metadata and one key, `outside`. */
export async function startIssuer(): Promise<Issuer> {
  const signer = await makeSigner('ES256', { kid: 'outside' })
  const certificate = await makeCertificate()
  const source = await startSource(certificate, (request, response) => {
    if (request.url === '/jwks') sendJson(response, { keys: [signer.publicJwk] })
    else if (request.url === '/.well-known/openid-configuration')
      sendJson(response, { issuer: source.url(''), jwks_uri: source.url('/jwks') })
    else response.writeHead(404).end()
  })
  const folder = mkdtempSync(join(tmpdir(), 'tessera-issuer-'))
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificate.cert)
  return {
    url: source.url(''),
    options: { 'outbound.allow': '127.0.0.1', 'outbound.ca': ca },
    env: { TESSERA_OUTBOUND_ALLOW: '127.0.0.1', TESSERA_OUTBOUND_CA: ca },
    sign: (claims) => signWith(signer, { iss: source.url(''), ...claims }, { kid: 'outside' }),
    stop: async () => {
      await source.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
