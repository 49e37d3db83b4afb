import { type Kysely, sql } from 'kysely'
import { UserError } from '../../platform/user-error.ts'
import type { Schema } from '../sql/schema.ts'
import { tableNames } from '../tables/copy.ts'

/** Whether the table `migration` of the search path is ours. Other programs have one, too, such as those that are made with Yii. */
export const hasOurList = sql<boolean>`(select count(*) = 2 from pg_attribute
  where attrelid = to_regclass('migration') and attname in ('name', 'timestamp') and not attisdropped)`

/** @throws UserError if the schema in which our tables would be made has another program's tables of these names */
export async function hasMigrations(db: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql<{ is_ours: boolean; schema: string; taken: readonly string[] }>`
    select ${hasOurList} as is_ours, quote_ident(current_schema()) as schema,
      array(select relname::text from pg_class where relnamespace = to_regnamespace(quote_ident(current_schema()))
        and relname in (${sql.join([...tableNames, 'migration'])}) order by relname) as taken`.execute(db)
  const [found] = rows
  if (found === undefined) throw new Error('PostgreSQL returned no row')
  if (found.is_ours || found.taken.length === 0) return found.is_ours
  throw new UserError(
    `storage: another program has tables in the schema ${found.schema}: ${found.taken.join(', ')}; give the role a schema of its own, first in its search_path`,
  )
}
