import { z } from 'zod'
import type { StoredAuditEvent } from '../store.ts'

/** An event with its place in the chain of its writer, which proves that none is missing before it. */
export interface ExportedEvent {
  readonly event: StoredAuditEvent
  /** Undefined for events from before there were chains. */
  readonly link: { readonly chain: number; readonly place: number; readonly hash: string | null } | undefined
}

/** How far events were exported. Writers commit in any order, but each writes its own chain in order. */
export interface Positions {
  /** Every event up to this number was exported. */
  readonly seq: number
  /** The last exported place of chains with later events, and the number of its event. */
  readonly chains: Readonly<Record<string, readonly [place: number, seq: number]>>
}

export const BEGINNING: Positions = { seq: 0, chains: {} }

/** The content of a file or a row with positions. */
export const positionsSchema = z.object({
  seq: z.number(),
  chains: z.record(z.string(), z.tuple([z.number(), z.number()])),
}) satisfies z.ZodType<Positions>

/** The most events and bytes of one batch. One event may be larger. */
export interface BatchLimits {
  readonly events: number
  readonly bytes: number
}

export interface Batch {
  readonly events: readonly ExportedEvent[]
  /** The positions once the batch was delivered. */
  readonly positions: Positions
  /** The events that were removed before they were exported. */
  readonly missed: number
  /** Whether no event was left when the batch was read. */
  readonly isLast: boolean
}

/** A process that exports to a sink. It is alive if its beat grows. */
export interface Holder {
  readonly holder: string | null
  readonly beat: number
}

/** The events of all tenants, and how far each sink has got. If the database fails, a call rejects and has changed nothing. */
export interface ExportStore {
  nextEvents(positions: Positions, limits: BatchLimits): Promise<Batch>
  /** The process that exports to a sink; undefined if none ever did. */
  holderOf(sink: string): Promise<Holder | undefined>
  /** Takes a sink over, unless its holder has changed since it was seen. @returns how far it got; undefined if it has changed */
  take(sink: string, holder: string, seen: Holder | undefined): Promise<Positions | undefined>
  /** Shows that the holder is alive, and stores how far it got. @returns whether it still holds the sink */
  beat(sink: string, holder: string, positions?: Positions): Promise<boolean>
  /** Gives a sink back, so that another process takes it over at once. */
  release(sink: string, holder: string): Promise<void>
}
