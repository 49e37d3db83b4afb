export const changeKinds = ['client', 'api', 'group', 'key'] as const

/** A change of one record. Readers then drop their copy of the record. */
export interface Change {
  readonly kind: (typeof changeKinds)[number]
  readonly id: string
}

/** The list of the changes of one tenant, in the order of their commits. Every call rejects when the database fails. */
export interface ChangeStore {
  /** The number of the newest change; 0 if there is none. */
  latestChange(): Promise<number>
  /** The changes after number `seq`, or `missed` if some of them are no longer listed or can't be read. */
  changesSince(
    seq: number,
  ): Promise<{ readonly latest: number; readonly changes: readonly Change[]; readonly missed: boolean }>
}
