export const changeKinds = ['client', 'api', 'key'] as const

/** One thing that was written: readers drop what they remember of it. */
export interface Change {
  readonly kind: (typeof changeKinds)[number]
  readonly id: string
}

/** Where the changes of one tenant are listed, in the order in which they were committed. Every call rejects when the database fails. */
export interface ChangeStore {
  /** The number of the newest change, 0 where there is none. */
  latestChange(): Promise<number>
  /** The changes after number `seq`; `missed` where some of them are no longer listed, or can't be read. */
  changesSince(
    seq: number,
  ): Promise<{ readonly latest: number; readonly changes: readonly Change[]; readonly missed: boolean }>
}
