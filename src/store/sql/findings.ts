/** The findings about a database; each text begins with the option's name. */
export interface DatabaseFindings {
  /** Problems that stop a server from starting on it. */
  readonly mistakes: readonly string[]
  readonly warnings: readonly string[]
  /** Changes that a server makes when it starts, which a person may not expect. */
  readonly notes: readonly string[]
}

export const NOTHING: DatabaseFindings = { mistakes: [], warnings: [], notes: [] }

/** @param due the migrations that have yet to run */
export const noteOf = (due: readonly string[]): string =>
  `storage: the database has not had ${due.join(', ')}: the server begins with that`
