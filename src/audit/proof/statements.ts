/** A range of places that retention has removed from a chain. */
export interface Removal {
  readonly chain: number
  readonly first: number
  readonly last: number
  /** The hash at the last place. */
  readonly hash: string
  /** `time`: the events were older than `audit.retention_days`. `count`: there were more refusals than `audit.refusals_kept`. */
  readonly cause: string
  /** Milliseconds. */
  readonly at: number
  readonly kid: string | undefined
  readonly signature: Uint8Array | undefined
}

/** The text that is signed for a checkpoint. The first line says what it is, so that no signature fits another kind of text. */
export const checkpointText = (statement: string): string => `tessera audit checkpoint\n${statement}`

export const keyText = (statement: string): string => `tessera audit key\n${statement}`

/** @param beginning the hash of the chain at place 0 */
export const removalText = (
  { chain, first, last, hash, cause, at }: Omit<Removal, 'kid' | 'signature'>,
  beginning: string,
): string => `tessera audit removal\n${JSON.stringify({ chain, beginning, first, last, hash, cause, at })}`
