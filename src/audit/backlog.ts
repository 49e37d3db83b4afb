import { approximateBytes } from '../platform/bytes.ts'
import type { AuditEvent } from './event.ts'

/**
 * How much may wait while the database does not write. An event takes about 1 KB. An event of a token with very many scopes takes
 * about 30 KB.
 */
export const BACKLOG = { events: 100_000, bytes: 64 * 1024 * 1024 } as const
/** Refused requests may use this part of the room. The rest is kept for successful requests. */
const FOR_REFUSALS = 1 / 4
/** Requests that were under way when the room was used up may still be recorded, up to this part of the room. */
const WITH_WHAT_IS_UNDER_WAY = 5 / 4

/** The first events are not measured, since most of them wait only for a moment. */
const UNMEASURED = 1_024
const USUAL_BYTES = 1_024

/** The sizes of waiting events, in their order, and the room that is left. */
export class Backlog {
  /** Roughly the bytes in memory of each event. */
  #sizes: number[] = []
  #bytes = 0

  get events(): number {
    return this.#sizes.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether nothing more should be done that has to be recorded. */
  get isFull(): boolean {
    return this.#used >= 1
  }

  get isFullForRefusals(): boolean {
    return this.#used >= FOR_REFUSALS
  }

  /** Whether no event can be taken at all. */
  get isClosed(): boolean {
    return this.#used >= WITH_WHAT_IS_UNDER_WAY
  }

  add(event: AuditEvent): void {
    const size = this.#sizes.length < UNMEASURED ? USUAL_BYTES : USUAL_BYTES / 2 + approximateBytes(event.detail)
    this.#sizes.push(size)
    this.#bytes += size
  }

  /** Removes the first events: they no longer wait. */
  remove(count: number): void {
    for (const size of this.#sizes.slice(0, count)) this.#bytes -= size
    this.#sizes = this.#sizes.slice(count)
  }

  /** The part of the room that is taken. */
  get #used(): number {
    return Math.max(this.#sizes.length / BACKLOG.events, this.#bytes / BACKLOG.bytes)
  }
}
