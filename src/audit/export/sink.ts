import type { Socket } from 'node:net'
import { eventAsJson } from '../event-json.ts'
import type { ExportedEvent } from './store.ts'

/** A system that takes events. */
export interface Sink {
  /** Delivers events in their order. Rejects if the system has not taken all of them; some may have arrived. */
  deliver(events: readonly ExportedEvent[], signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** The answer to a request. */
export interface Answer {
  readonly status: number
  /** The beginning of the body. */
  readonly body: string
}

/** Connections to other systems, by the rules for outgoing connections. Each call rejects with a message for administrators. */
export interface Transport {
  post(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Answer>
  connect(
    to: { readonly host: string; readonly port: number; readonly tls: boolean },
    signal: AbortSignal,
  ): Promise<Socket>
  sendDatagrams(to: { readonly host: string; readonly port: number }, messages: readonly Buffer[]): Promise<void>
}

/** A failure of a system that takes events, in our words. */
export class ExportError extends Error {
  override readonly name = 'ExportError'
}

/** An event as JSON, with the tenant and the link of its chain. */
export const toJson = ({ event, link }: ExportedEvent) => ({ tenant: event.tenant, ...eventAsJson(event), ...link })

/** Refuses an answer that says that the events were not taken. @throws ExportError */
export function requireTaken({ status, body }: Answer): void {
  if (status >= 200 && status < 300) return
  throw new ExportError(`the answer has status ${status}${body === '' ? '' : `: ${body.slice(0, 200)}`}`)
}
