import type { Socket } from 'node:net'
import { createSecureContext, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'

/**
 * Groups of key exchange (RFC 8446 §4.2.7), by OpenSSL's names. Every client supports one of them. OpenSSL also offers P-521 and
 * finite fields, with which any client could make a handshake several times as slow.
 */
const GROUPS = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384'].filter(isKnownGroup).join(':')

/**
 * The TLS settings of both listeners, from the start and after each reload. TLS 1.2 has only the four suites that RFC 9325 §4.2
 * recommends. They have forward secrecy, and FAPI 2.0 §5.2.2 permits no others. TLS 1.3 has no weak suite (RFC 9325 §4.1).
 */
export const TLS_SETTINGS = {
  minVersion: 'TLSv1.2',
  ecdhCurve: GROUPS,
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
} as const satisfies SecureContextOptions

/** OpenSSL before 3.5 refuses a list with X25519MLKEM768 in it. */
function isKnownGroup(name: string): boolean {
  try {
    createSecureContext({ ecdhCurve: name })
    return true
  } catch {
    return false
  }
}

/** Milliseconds. RFC 9325 §3.4 asks for new keys about once a week. A ticket is valid for at most two hours. */
const TICKET_KEYS_LIVE = 24 * 3_600_000
/** The bytes that Node expects: a name, a MAC key and a cipher key. */
const TICKET_KEYS_SIZE = 48

/**
 * Makes a server encrypt its session tickets under new keys each day, beginning with the first connection of the day.
 * With old keys, an attacker could read every TLS 1.2 connection that was resumed with them.
 */
export function renewTicketKeys(server: Server, clock: Clock, random: RandomBytes): void {
  let renewedAt = clock.monotonic()
  server.on('connection', () => {
    if (clock.monotonic() - renewedAt < TICKET_KEYS_LIVE) return
    renewedAt = clock.monotonic()
    server.setTicketKeys(random(TICKET_KEYS_SIZE))
  })
}

/**
 * Decides for each new connection whether to ask for a certificate. Node reads this setting from the server when the connection
 * begins. Once certificates are asked for, connections that were not asked end soon.
 */
export class CertificateRequests {
  readonly #isOn: () => boolean
  readonly #random: RandomBytes
  /** Connections that began before certificates were asked for, as sockets of TCP and, after their handshake, of TLS. */
  readonly #unasked = new WeakSet<Socket>()

  /** @param isOn whether certificates are asked for from now on */
  constructor(isOn: () => boolean, random: RandomBytes) {
    this.#isOn = isOn
    this.#random = random
  }

  /** @param tcpOf the TCP connection under a socket of TLS */
  follow(server: Server, tcpOf: (socket: Socket) => Socket | undefined): void {
    let wasOn = this.#isOn()
    server.prependListener('connection', (tcp: Socket) => {
      const requestCert = this.#isOn()
      if (requestCert && !wasOn) this.#endSessions(server)
      if (!requestCert) this.#unasked.add(tcp)
      wasOn = requestCert
      Object.assign(server, { requestCert })
    })
    server.on('secureConnection', (socket: TLSSocket) => {
      const tcp = tcpOf(socket)
      if (tcp === undefined || !this.#unasked.has(tcp)) return
      this.#unasked.add(socket)
      // The handshake ended after certificates were turned on. OpenSSL makes the tickets of TLS 1.3 only after this
      // event.
      if (this.#isOn()) setImmediate(() => this.#endSessions(server))
    })
  }

  /** Whether the client of this connection was never asked for a certificate, and would be if it connected again. */
  isUnasked(socket: Socket): boolean {
    return this.#unasked.has(socket) && this.#isOn()
  }

  /** Makes all session tickets invalid: a session that began without a certificate has none when it is resumed. */
  #endSessions(server: Server): void {
    server.setTicketKeys(this.#random(TICKET_KEYS_SIZE))
  }
}
