import pg from 'pg'

/** The answers to two statements that were sent at once. */
interface Answers {
  /** The row of the first statement. */
  readonly row: pg.QueryResultRow
  readonly result: pg.QueryResult
}

/**
 * Sends two statements at once. Until the Sync message after them they are one transaction
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING). So a setting that the first makes for its
 * transaction applies to the second only. If the first fails, the second is not run.
 * @param first a statement that returns one row
 * @param ofFirst maps an error of the first statement to the error to reject with
 */
export function queryAfter(
  first: string,
  client: pg.ClientBase,
  [text, values]: readonly [text: string, values: unknown[]],
  ofFirst: (error: unknown) => unknown,
): Promise<Answers> {
  const query = new TwoStatements(first, text, values)
  let row: pg.QueryResultRow | undefined
  const answers = new Promise<Answers>((resolve, reject) => {
    query.on('row', (given, result) => {
      row ??= given
      // The driver expects the listener to add each row.
      result?.addRow(given)
    })
    query.on('error', (error) => reject(row === undefined ? ofFirst(error) : error))
    query.on('end', (results) => {
      const [, result] = [results].flat()
      if (row === undefined || result === undefined) reject(new TypeError('the server did not send two answers'))
      else resolve({ row, result })
    })
  })
  client.query(query)
  return answers
}

/** The two statements as one query. The second is sent like every statement with parameters. */
class TwoStatements extends pg.Query {
  constructor(first: string, text: string, values: unknown[]) {
    // Use the extended protocol even without parameters, since the simple protocol has no Sync message.
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
