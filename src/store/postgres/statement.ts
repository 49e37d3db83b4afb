import pg from 'pg'

/**
 * Sends two statements at once, and gives the result of the second. Up to the Sync message behind them they are one
 * transaction (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING): what the first sets
 * for a transaction holds for the second and for nothing else, and where the first fails the second is not run.
 */
export function queryAfter(
  first: string,
  client: pg.ClientBase,
  text: string,
  values: unknown[],
): Promise<pg.QueryResult> {
  const query = new TwoStatements(first, text, values)
  const result = new Promise<pg.QueryResult>((resolve, reject) => {
    query.on('error', reject)
    query.on('end', (results) => resolve(lastOf(results)))
  })
  client.query(query)
  return result
}

/** The second is sent as the driver sends every statement that has parameters. */
class TwoStatements extends pg.Query {
  constructor(first: string, text: string, values: unknown[]) {
    // Of a statement without parameters, too: the simple protocol has no Sync message.
    const config = { text, values, queryMode: 'extended' }
    super(config)
    this.submit = (connection) => {
      connection.stream.cork()
      connection.parse({ name: '', text: first, types: [] }, true)
      connection.bind({}, true)
      connection.describe({ type: 'P', name: '' }, true)
      connection.execute({}, true)
      pg.Query.prototype.submit.call(this, connection)
      connection.stream.uncork()
    }
  }
}

/** The driver gives a list where there were several statements. */
function lastOf(results: pg.QueryResult | readonly pg.QueryResult[]): pg.QueryResult {
  const last = [results].flat().at(-1)
  if (last === undefined) throw new TypeError('there were no statements')
  return last
}
