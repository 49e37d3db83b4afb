import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'

/** A migration of the schema, and what an administrator asks before it runs (`tessera upgrade --check`). */
export interface Migration {
  /** A sentence without its subject. */
  readonly does: string
  /** How servers that do not know it go on working on the database. */
  readonly olderServers: 'work' | { readonly miss: string } | { readonly fail: string }
  /** The tables whose rows it reads or writes. Without any, it takes the same moment whatever the database holds. */
  readonly work: readonly Work[]
  up(db: MigratedDatabase, dialect: Dialect): Promise<void>
}

/** The work of a migration on a table. `bench/migrations.ts` measures it. */
interface Work {
  readonly table: string
  /** Microseconds for each row, indexes included. */
  readonly perRow: { readonly sqlite: number; readonly postgres: number }
  /** Whether it writes about as much as the table holds, which needs room on the disk. */
  readonly copies?: true
}
