import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import { ExportError, type Sink, type Transport, toJson } from './sink.ts'
import type { ExportedEvent } from './store.ts'

export interface SyslogOptions {
  readonly host: string
  readonly port: number
  readonly protocol: 'tls' | 'tcp' | 'udp'
}

interface SyslogMeans {
  readonly transport: Transport
  readonly clock: Clock
  /** The name of this machine. */
  readonly hostname: string
  readonly processId: number
}

/** "log audit" (RFC 5424 §6.2.1). */
const FACILITY = 13
/** Milliseconds. */
const PATIENCE_MS = 20
const SEVERITY = { refused: 4, other: 6 } as const
/** The most bytes of a datagram. Every network takes it in fragments, and receivers should take 2,048 (RFC 5426 §3.2). */
const LARGEST_DATAGRAM = 8 * 1024

/** Syslog: over TLS (RFC 5425) or TCP (RFC 6587) with counted octets, or in datagrams (RFC 5426), which may get lost. */
export function syslog({ host, port, protocol }: SyslogOptions, { transport, clock, ...sender }: SyslogMeans): Sink {
  const close = async () => {}
  if (protocol === 'udp')
    return {
      deliver: (events) =>
        transport.sendDatagrams(
          { host, port },
          events.map((event) => datagramOf(event, sender)),
        ),
      close,
    }
  return {
    deliver: async (events, signal) => {
      const before = clock.monotonic()
      const socket = await transport.connect({ host, port, tls: protocol === 'tls' }, signal)
      const frames = events.map((event) => {
        const message = messageOf(event, sender)
        return `${Buffer.byteLength(message)} ${message}`
      })
      try {
        await sendWhole(socket, frames.join(''), { patience: PATIENCE_MS + 2 * (clock.monotonic() - before), signal })
      } catch (error) {
        throw new ExportError('the receiver has not taken all messages: it broke the connection, or did not end it', {
          cause: error,
        })
      } finally {
        socket.destroy()
      }
    },
    close,
  }
}

/**
 * Sends all, and waits until the receiver has read it. Syslog acknowledges nothing. But a receiver that ends its side after ours ended has
 * read everything before. One that closes earlier shows that within a round trip, which is waited for.
 */
async function sendWhole(
  socket: Socket,
  text: string,
  { patience, signal }: { readonly patience: number; readonly signal: AbortSignal },
): Promise<void> {
  let isOver = false
  const ended = once(socket, 'end', { signal }).finally(() => {
    isOver = true
  })
  const isEarly = async () => {
    await new Promise<void>((resolve) => socket.resume().write(text, () => resolve()))
    await sleep(patience, undefined, { signal })
    // A process that stood still has an early end yet to read.
    await nextTurn(undefined, { signal })
    return isOver
  }
  if (await Promise.race([isEarly(), ended.then(() => true)])) throw new Error('the receiver closed early')
  socket.end()
  await ended
}

/** A message of RFC 5424 §6. The JSON is ASCII, so it needs no byte order mark (§6.4). */
function messageOf(
  exported: ExportedEvent,
  { hostname, processId }: Pick<SyslogMeans, 'hostname' | 'processId'>,
  content: object = toJson(exported),
): string {
  const { at, type, result } = exported.event
  const priority = FACILITY * 8 + (result === 'refused' ? SEVERITY.refused : SEVERITY.other)
  const time = new Date(at).toISOString()
  return `<${priority}>1 ${time} ${field(hostname, 255)} tessera ${processId} ${field(type, 32)} - ${ascii(JSON.stringify(content))}`
}

function datagramOf(exported: ExportedEvent, sender: Pick<SyslogMeans, 'hostname' | 'processId'>): Buffer {
  const whole = Buffer.from(messageOf(exported, sender))
  if (whole.length <= LARGEST_DATAGRAM) return whole
  const { detail: _, changes: __, ...rest } = toJson(exported)
  return Buffer.from(messageOf(exported, sender, { ...rest, cut: true })).subarray(0, LARGEST_DATAGRAM)
}

/** A field of the header: visible ASCII, or `-`. */
const field = (text: string, most: number): string => text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, most) || '-'

const ascii = (json: string): string =>
  json.replaceAll(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
