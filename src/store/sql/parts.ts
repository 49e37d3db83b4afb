/** The numbers of rows for which there is a statement, compiled once. Building the query would cost more than running it. */
export const ROWS_IN_STATEMENT = [256, 64, 16, 4, 1] as const

/** Well below the number of parameters that any of the databases takes. */
const ROWS_IN_QUERY = 500

/** Rows, or their ids, in parts that each fit into one query. */
export function* inParts<Row>(rows: readonly Row[]): Generator<readonly Row[], void, undefined> {
  for (let from = 0; from < rows.length; from += ROWS_IN_QUERY) yield rows.slice(from, from + ROWS_IN_QUERY)
}
