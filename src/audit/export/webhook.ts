import { createHmac, hash } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { toSeconds } from '../../platform/clock.ts'
import { requireTaken, type Sink, type Transport, toJson } from './sink.ts'

export interface WebhookOptions {
  readonly url: string
  readonly secret: string
}

interface WebhookMeans {
  readonly transport: Transport
  readonly clock: Clock
}

const PREFIX = 'whsec_'

/**
 * Signed requests in the form of Standard Webhooks (https://www.standardwebhooks.com). A batch that is sent again has the same
 * `webhook-id`, so that its receiver can drop it.
 */
export const webhook = ({ url, secret }: WebhookOptions, { transport, clock }: WebhookMeans): Sink => ({
  deliver: async (events, signal) => {
    const body = JSON.stringify({ type: 'audit.events', events: events.map(toJson) })
    const id = `msg_${hash('sha256', body, 'base64url')}`
    const timestamp = String(toSeconds(clock.now()))
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${sign(secret, id, timestamp, body)}`,
    }
    requireTaken(await transport.post(new URL(url), headers, body, signal))
  },
  close: async () => {},
})

/** HMAC-SHA-256 over id, time and body. A secret that begins with `whsec_` is base64; any other is text. */
function sign(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret)
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
}
