/** That something was used. */
export interface ReplayMark {
  /** 16 bytes. */
  readonly id: Buffer
  /** From then on it may be forgotten. Milliseconds. */
  readonly expiresAt: number
}

/** Where the marks of one tenant are kept. Every call rejects when the database fails. */
export interface ReplayStore {
  /** Keeps those that are not kept yet, before it resolves. Of processes that add one at once, one has added it. @returns the ids of those added */
  addMarks(marks: readonly ReplayMark[]): Promise<readonly Buffer[]>
  /** Removes at most `most` marks, of whichever tenant, that expired before `time`. @returns how many; 0 once there are none */
  pruneMarks(time: number, most: number): Promise<number>
}
