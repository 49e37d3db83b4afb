import type { SecureContextOptions, Server } from 'node:tls'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'

/**
 * How both listeners speak TLS, from the start and after each reload. Of TLS 1.2 there are only the four suites that RFC 9325
 * §4.2 recommends: they have forward secrecy, and FAPI 2.0 §5.2.2 permits no other. TLS 1.3 has no weak suite (RFC 9325 §4.1).
 * Curves are left to OpenSSL, whose list has only strong ones.
 */
export const TLS_SETTINGS = {
  minVersion: 'TLSv1.2',
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

/** Milliseconds. RFC 9325 §3.4 asks for new keys about once a week; a ticket is good for two hours at the most. */
const TICKET_KEYS_LIVE = 24 * 3_600_000
/** Bytes that Node takes: a name, a key of the MAC, a key of the cipher. */
const TICKET_KEYS_SIZE = 48

/**
 * Has a server encrypt its session tickets under new keys each day, from the first connection of the day on. Whoever got hold
 * of old keys could read every TLS 1.2 connection that was resumed with them.
 */
export function renewTicketKeys(server: Server, clock: Clock, random: RandomBytes): void {
  let renewedAt = clock.monotonic()
  server.on('connection', () => {
    if (clock.monotonic() - renewedAt < TICKET_KEYS_LIVE) return
    renewedAt = clock.monotonic()
    server.setTicketKeys(random(TICKET_KEYS_SIZE))
  })
}
