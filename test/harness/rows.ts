import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { Config } from '../../src/config/resolve.ts'

/** Writes the rows of an SQLite database by hand, past the program. */
export interface Rows {
  run(sql: string, ...values: SQLInputValue[]): void
  all(sql: string, ...values: SQLInputValue[]): readonly Record<string, unknown>[]
  /** Announces a change to the servers, as the program does for each of its own changes. */
  announce(kind: string, id: string): void
  close(): void
}

/** Opens the database of a configuration. The caller closes it. */
export function openRows({ storage }: Pick<Config, 'storage'>): Rows {
  const db = new DatabaseSync(storage.slice('sqlite:'.length), { enableForeignKeyConstraints: false, timeout: 10_000 })
  const run = (sql: string, ...values: SQLInputValue[]): void => void db.prepare(sql).run(...values)
  return {
    run,
    all: (sql, ...values) => db.prepare(sql).all(...values),
    announce: (kind, id) => {
      db.exec('begin immediate')
      run("update counter set value = value + 1 where name = 'change'")
      run(
        "insert into change (seq, kind, id, at) select value, ?, ?, ? from counter where name = 'change'",
        kind,
        id,
        Date.now(),
      )
      db.exec('commit')
    },
    close: () => db.close(),
  }
}
