import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { AddressRules } from '../../src/client-auth/remote-jwks/addresses.ts'
import { JsonFetcher } from '../../src/client-auth/remote-jwks/fetch-json.ts'
import type { Lookup } from '../../src/client-auth/remote-jwks/resolve.ts'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Makes a self-signed certificate for these names, at 127.0.0.1, 127.0.0.2 and ::1. */
export async function makeCertificate(...names: readonly string[]): Promise<Certificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    // OpenSSL finds an authority by its name, so that no two certificates may have the same.
    name: `CN=source of keys ${randomBytes(8).toString('hex')}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: 'dns' as const, value })),
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '127.0.0.2' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { cert: certificate.toString('pem'), key: PemConverter.encode(pkcs8, 'PRIVATE KEY') }
}

/** A server on loopback that counts its connections. */
export interface Source {
  readonly port: number
  /** The number of connections, with or without TLS. */
  connections(): number
  /** The requested paths. */
  readonly paths: readonly string[]
  url(path?: string, host?: string): string
  stop(): Promise<void>
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Starts an HTTPS server. */
export function startSource(certificate: Certificate, answer: Answer, host = '127.0.0.1'): Promise<Source> {
  const paths: string[] = []
  const server = createHttpsServer(certificate, (request, response) => {
    paths.push(request.url ?? '')
    answer(request, response)
  })
  return listen(server, host, paths)
}

/** Starts a TLS server whose protocol is `talk`. */
export function startTls(certificate: Certificate, talk: (socket: Socket) => void): Promise<Source> {
  const server = createTlsServer(certificate, (socket) => {
    socket.on('error', () => {})
    talk(socket)
  })
  return listen(server, '127.0.0.1', [])
}

/** Starts a TCP server whose protocol is `talk`. */
export const startTcp = (talk: (socket: Socket) => void): Promise<Source> =>
  listen(createTcpServer(talk), '127.0.0.1', [])

async function listen(server: Server, host: string, paths: readonly string[]): Promise<Source> {
  let connections = 0
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host }, resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    connections: () => connections,
    paths,
    url: (path = '/', name = host) => `https://${name}:${port}${path}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Answers with JSON. */
export const sendJson = (response: ServerResponse, json: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json))
}

/** A fetcher that may reach 127.0.0.1 by default. */
export function testFetcher({
  certificate,
  allowed = ['127.0.0.1'],
  lookup,
  limits,
}: {
  readonly certificate?: Certificate
  readonly allowed?: readonly string[]
  readonly lookup?: Lookup
  readonly limits?: { readonly time?: number; readonly size?: number; readonly redirects?: number }
}): JsonFetcher {
  return new JsonFetcher({
    addresses: new AddressRules(allowed),
    ca: certificate && [certificate.cert],
    lookup,
    limits,
  })
}

/** The public half of a new key, as a JWK. */
export const newJwk = (kid?: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  ...(kid !== undefined && { kid }),
})
