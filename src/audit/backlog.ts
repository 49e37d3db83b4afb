import { approximateBytes } from '../platform/bytes.ts'
import type { AuditEvent } from './event.ts'

/** The most events that may wait while the database can't write. An event takes about 1 KB, or 30 KB with very many scopes. */
export const BACKLOG = { events: 100_000, bytes: 64 * 1024 * 1024 } as const
/** The part of the room that refused requests may use. The rest is reserved for successful requests. */
const FOR_REFUSALS = 1 / 4
/** Requests that were already under way when the room was used up are still recorded, up to this part of the room. */
const WITH_REQUESTS_UNDER_WAY = 5 / 4

/** The first events are not measured, since most of them wait only for a moment. */
const UNMEASURED = 1_024
const USUAL_BYTES = 1_024

/** Tracks the sizes of the waiting events, in their order, and the remaining room. */
export class Backlog {
  /** The approximate bytes of each event in memory. */
  #sizes: number[] = []
  #bytes = 0

  get events(): number {
    return this.#sizes.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether the server should refuse requests that must be recorded. */
  get isFull(): boolean {
    return this.#used >= 1
  }

  get isFullForRefusals(): boolean {
    return this.#used >= FOR_REFUSALS
  }

  /** Whether no event can be added at all. */
  get isClosed(): boolean {
    return this.#used >= WITH_REQUESTS_UNDER_WAY
  }

  add(event: AuditEvent): void {
    const size = this.#sizes.length < UNMEASURED ? USUAL_BYTES : USUAL_BYTES / 2 + approximateBytes(event.detail)
    this.#sizes.push(size)
    this.#bytes += size
  }

  /** Removes the first events, which have been written. */
  remove(count: number): void {
    for (const size of this.#sizes.slice(0, count)) this.#bytes -= size
    this.#sizes = this.#sizes.slice(count)
  }

  /** The part of the room that is used. */
  get #used(): number {
    return Math.max(this.#sizes.length / BACKLOG.events, this.#bytes / BACKLOG.bytes)
  }
}
