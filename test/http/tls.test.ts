import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, getCiphers, type SecureVersion, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Config, resolveConfig } from '../../src/config/resolve.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { planReload } from '../../src/server/reload/plan.ts'
import { type Server, startServer } from '../../src/server/server.ts'
import { current } from '../harness/authority.ts'
import { type Issued, issue, keyPem, rsaKeys } from '../harness/certificates.ts'
import { testConfig } from '../harness/server.ts'

/** The suites of RFC 9325 §4.2, by the kind of the server's key. */
const RECOMMENDED = {
  EC: ['ecdhe-ecdsa-aes128-gcm-sha256', 'ecdhe-ecdsa-aes256-gcm-sha384'],
  RSA: ['ecdhe-rsa-aes128-gcm-sha256', 'ecdhe-rsa-aes256-gcm-sha384'],
} as const
type Kind = keyof typeof RECOMMENDED

/** Suites of OpenSSL that Node doesn't list. */
const UNLISTED = [
  ...['ecdhe-ecdsa-aes128-ccm', 'ecdhe-ecdsa-aes256-ccm', 'ecdhe-ecdsa-aes128-ccm8', 'ecdhe-ecdsa-aes256-ccm8'],
  ...['aes128-ccm', 'aes256-ccm', 'aes128-ccm8', 'dhe-rsa-aes128-ccm', 'dhe-rsa-aes256-ccm8'],
  ...['ecdhe-ecdsa-aria128-gcm-sha256', 'ecdhe-ecdsa-aria256-gcm-sha384', 'ecdhe-aria128-gcm-sha256'],
  ...['aria128-gcm-sha256', 'dhe-rsa-aria256-gcm-sha384', 'camellia128-sha256', 'dhe-rsa-camellia256-sha256'],
  ...['ecdhe-ecdsa-camellia128-sha256', 'ecdhe-rsa-camellia256-sha384', 'null-sha256', 'ecdhe-rsa-null-sha'],
  ...['ecdhe-ecdsa-null-sha', 'adh-aes256-gcm-sha384', 'aecdh-aes128-sha'],
]
/** Every suite up to TLS 1.2 that a client can offer without a shared key or a password. */
const suites = [...getCiphers().filter((name) => !/^tls_|psk|srp/.test(name)), ...UNLISTED]

let elapsed = 0
const clock = { now: systemClock.now, monotonic: () => systemClock.monotonic() + elapsed }

const certificates: Readonly<Record<Kind, readonly [Issued, Issued]>> = {
  EC: [await issue(current()), await issue(current())],
  RSA: [
    await issue({ keys: await rsaKeys(2048), ...current() }),
    await issue({ keys: await rsaKeys(2048), ...current() }),
  ],
}

/** Starts a server with a certificate that its configuration can replace. */
async function start(kind: Kind) {
  const { config: given, folder } = await testConfig()
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const write = async (issued: Issued): Promise<Config> => {
    writeFileSync(tls.cert, issued.pem)
    writeFileSync(tls.key, await keyPem(issued), { mode: 0o600 })
    return { ...given, ...resolved(given, tls) }
  }
  const config = await write(certificates[kind][0])
  const server = await startServer(config, { log: createLogger('silent'), clock })
  return {
    server,
    folder,
    reload: async () => server.reload(planReload(config, await write(certificates[kind][1])).config),
  }
}

const resolved = (config: Config, tls: { cert: string; key: string }) =>
  resolveConfig({ ...config, tls: { ...config.tls, ...tls }, master_key: config.masterKey.toString('base64') })

/** Makes a handshake, or rejects if the server refuses it. Most callers destroy the connection. */
async function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** The suites that the server accepts when each is offered alone. */
async function taken(port: number, offered: readonly string[]): Promise<readonly string[]> {
  const accepted: string[] = []
  for (const name of offered) {
    const options = {
      ciphers: `${name.toUpperCase()}:@SECLEVEL=0`,
      maxVersion: 'TLSv1.2',
      minVersion: 'TLSv1',
    } as const
    try {
      const socket = await handshake(port, options)
      accepted.push(name)
      socket.destroy()
    } catch (error) {
      // The refusal must come from the server: a suite that OpenSSL can't offer would prove nothing.
      expect({ name, code: (error as { code?: string }).code }).toEqual({
        name,
        code: expect.stringMatching(/^(ERR_SSL_SSL\/TLS_ALERT_HANDSHAKE_FAILURE|ERR_SSL_TLSV1_ALERT_\w+|ECONNRESET)$/),
      })
    }
  }
  return accepted
}

describe.each<Kind>(['EC', 'RSA'])('a server with a certificate for a key of kind %s', (kind) => {
  let server: Server
  let folder: string
  let reload: () => Promise<void>
  beforeAll(async () => {
    ;({ server, folder, reload } = await start(kind))
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  const ports = () => ({ runtime: server.runtimePort, admin: server.adminPort })
  const presented = async (port: number) => {
    const socket = await handshake(port, {})
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }

  test('talks to a client that offers HTTP/1.0 alone, and refuses one that offers HTTP/2 alone', async () => {
    for (const port of Object.values(ports())) {
      const socket = await handshake(port, { ALPNProtocols: ['http/1.0'] })
      expect(socket.alpnProtocol).toBe('http/1.0')
      const answer = once(socket, 'data')
      socket.write('GET /pf/heartbeat.ping HTTP/1.0\r\n\r\n')
      expect(String(await answer)).toMatch(/^HTTP\/1\.1 \d{3} .*\r\n(?:.*\r\n)*connection: close\r\n/i)
      socket.destroy()
      await expect(handshake(port, { ALPNProtocols: ['h2'] })).rejects.toMatchObject({
        code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      })
    }
  })

  test('accepts only the recommended suites of TLS 1.2, at the start and after a reload', async () => {
    expect(suites.length).toBeGreaterThan(45)
    for (const issued of certificates[kind]) {
      for (const port of Object.values(ports())) {
        expect(await presented(port)).toBe(issued.certificate.fingerprint256)
        expect((await taken(port, suites)).toSorted()).toEqual(RECOMMENDED[kind].toSorted())
      }
      await reload()
    }
  })

  test('accepts none of all other suites offered at once', async () => {
    const others = ['ALL:COMPLEMENTOFALL', ...RECOMMENDED[kind].map((name) => `!${name}`)].join(':')
    for (const port of Object.values(ports())) expect(await taken(port, [others])).toEqual([])
  })

  test.each<SecureVersion>(['TLSv1', 'TLSv1.1'])('does not speak %s', async (version) => {
    const options = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' } as const
    for (const port of Object.values(ports())) {
      await expect(handshake(port, options)).rejects.toThrow(/alert protocol version|unsupported protocol/i)
    }
  })

  test.each(['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])(
    'speaks TLS 1.3 with %s',
    async (ciphers) => {
      for (const port of Object.values(ports())) {
        const socket = await handshake(port, { ciphers, minVersion: 'TLSv1.3' })
        expect({ cipher: socket.getCipher().name, version: socket.getProtocol() }).toEqual({
          cipher: ciphers,
          version: 'TLSv1.3',
        })
        socket.destroy()
      }
    },
  )

  test('prefers TLS 1.3', async () => {
    for (const port of Object.values(ports())) {
      const socket = await handshake(port, {})
      expect(socket.getProtocol()).toBe('TLSv1.3')
      socket.destroy()
    }
  })

  test('resumes a session within a day, and rejects the ticket of the previous day', async () => {
    const options = { maxVersion: 'TLSv1.2' } as const
    for (const port of Object.values(ports())) {
      const first = await handshake(port, options)
      const session = first.getSession()
      first.destroy()
      const resumed = async () => {
        const socket = await handshake(port, { ...options, ...(session && { session }) })
        const isReused = socket.isSessionReused()
        socket.destroy()
        return isReused
      }
      expect(await resumed()).toBe(true)
      elapsed += 24 * 3_600_000
      expect(await resumed()).toBe(false)
      expect(await resumed()).toBe(false)
    }
  })
})
