/** Consecutive numbers of events that are read together. */
export const BLOCK = 512
/** Blocks in a segment: the bits of one number that JavaScript computes with. */
export const BLOCKS = 32
/** Consecutive numbers of events that are indexed together. */
export const SEGMENT = BLOCK * BLOCKS
/** A segment of which any block may have the wanted events. */
export const EVERY_BLOCK = 0xffff_ffff

export const segmentOf = (seq: number): number => Math.floor(seq / SEGMENT)

/** A property of an event by which it is looked for, as the index holds it. */
export const term = {
  client: (id: string) => `client ${id}`,
  type: (type: string) => `type ${type}`,
  result: (result: string) => `result ${result}`,
  reason: (reason: string) => `reason ${reason}`,
  actor: (name: string) => `actor ${name}`,
  /** An event of the administration, which may concern several clients. */
  managed: 'managed',
  /** The type and the client of an event that is not usual: a busy client has few of them. */
  rareType: (type: string, client: string) => `rare-type ${type} ${client}`,
  rareReason: (reason: string, client: string) => `rare-reason ${reason} ${client}`,
} as const

/** The events that are too many for a term of their own. */
export const USUAL = { type: 'token.issue', result: 'success' } as const
