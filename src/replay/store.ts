/** The record that a JWT id was used. */
export interface ReplayMark {
  /** The hash of the id, 16 bytes. */
  readonly id: Buffer
  /** The time from which on the mark may be removed. Milliseconds. */
  readonly expiresAt: number
}

/** Stores the marks of one tenant. Every call rejects when the database fails. */
export interface ReplayStore {
  /**
   * Adds the marks that are not stored yet. If several processes add the same mark at once, exactly one of them has added it.
   * @returns the ids that this call added, once they are stored
   */
  addMarks(marks: readonly ReplayMark[]): Promise<readonly Buffer[]>
  /** Removes at most `most` marks of any tenant that expired before `time`, in milliseconds. @returns how many; 0 once none is left */
  pruneMarks(time: number, most: number): Promise<number>
}
