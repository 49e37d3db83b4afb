/** Well below the number of parameters that any of the databases takes. */
const IDS_IN_QUERY = 500

/** The ids in parts that each fit into one query. */
export function* inParts<Id>(ids: readonly Id[]): Generator<readonly Id[], void, undefined> {
  for (let from = 0; from < ids.length; from += IDS_IN_QUERY) yield ids.slice(from, from + IDS_IN_QUERY)
}
