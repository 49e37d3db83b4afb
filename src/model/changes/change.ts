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
  /**
   * The changes after number `seq`, or `missed` if some of them are no longer listed or can't be read.
   * @param mark as returned with `seq`. If another change has that number now, the database has lost changes, and all count as missed
   */
  changesSince(
    seq: number,
    mark?: string,
  ): Promise<{
    readonly latest: number
    /** Tells the latest change from another one with its number. */
    readonly mark?: string | undefined
    readonly changes: readonly Change[]
    readonly missed: boolean
  }>
}
