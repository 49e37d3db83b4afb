import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type MasterKey, MasterKeyMismatch } from '../crypto/master-key.ts'
import { parseDatabaseLocation } from '../input/database-location.ts'
import { UserError } from '../platform/user-error.ts'
import { pendingMigrations } from './migrations/migrate.ts'
import { type PostgresAccess, parsePostgresUrl } from './postgres/address.ts'
import { examineHosts, examinePostgres } from './postgres/examine.ts'
import { openPostgres } from './postgres/open.ts'
import { explainDatabase } from './problems.ts'
import type { Database } from './sql/dialect.ts'
import { type DatabaseFindings, NOTHING, noteOf } from './sql/findings.ts'
import { openSqliteToRead } from './sqlite/open.ts'
import { fileProblem } from './sqlite/problems.ts'
import { masterKeysInUse } from './tables/master-key.ts'

interface Settings {
  readonly access: PostgresAccess
  /** Undefined if it could not be read. It is then not compared with the database. */
  readonly masterKey: MasterKey | undefined
}

/** The migrations that added the tables of keys, of secrets and of the master key in use. */
const KEYS_SINCE = '0002-tokens'
const SECRETS_SINCE = '0004-credentials'
const MASTER_KEY_SINCE = '0009-master-key'

/** Checks whether a server could start on a database. It writes nothing: no file, no table, no row. */
export async function examineDatabase(location: string, settings: Settings): Promise<DatabaseFindings> {
  try {
    const read = parseDatabaseLocation(location)
    return await (read.kind === 'sqlite' ? examineSqlite(read.path, settings) : examineServer(location, settings))
  } catch (error) {
    const explained = explainDatabase(error, location)
    if (!(explained instanceof UserError)) throw explained
    return { ...NOTHING, mistakes: [explained.message] }
  }
}

async function examineSqlite(path: string, settings: Settings): Promise<DatabaseFindings> {
  const problem = fileProblem(path)
  if (problem !== undefined) throw new UserError(`storage: sqlite:${path} can't be used: ${problem}`)
  // If the database does not exist, the server creates it.
  if (!existsSync(path) || statSync(path).size === 0)
    return { ...NOTHING, notes: [`storage: there is no database ${resolve(path)} yet: the server will create it`] }
  const db = openSqliteToRead(path)
  try {
    const due = await pendingMigrations(db.checks, db.dialect)
    const mistakes = await masterKeyMistakes(db, settings)
    return { ...NOTHING, mistakes, notes: due.length === 0 ? [] : [noteOf(due)] }
  } finally {
    await db.close()
  }
}

async function examineServer(location: string, settings: Settings): Promise<DatabaseFindings> {
  const address = parsePostgresUrl(location, settings.access)
  const db = openPostgres(address, settings.access)
  try {
    const [hosts, database] = await Promise.all([examineHosts(address), examinePostgres(db)])
    const findings = {
      ...database,
      warnings: [...hosts.warnings, ...database.warnings],
      notes: [...hosts.notes, ...database.notes],
    }
    // With mistakes, the role may lack the right to read the keys.
    if (findings.mistakes.length > 0) return findings
    return { ...findings, mistakes: await masterKeyMistakes(db, settings) }
  } finally {
    await db.close()
  }
}

async function masterKeyMistakes(db: Database, { masterKey }: Settings): Promise<readonly string[]> {
  if (masterKey === undefined) return []
  const due = await pendingMigrations(db.checks, db.dialect)
  if (due.includes(KEYS_SINCE)) return []
  try {
    const isNamed = !due.includes(MASTER_KEY_SINCE)
    const inUse = isNamed ? await masterKeysInUse(db.checks) : [await oldestMasterKey(db.checks, due)]
    for (const id of inUse) masterKey.requireFitting(id)
    return []
  } catch (error) {
    if (!(error instanceof MasterKeyMismatch)) throw error
    return [`master_key_file: ${error.message}`]
  }
}

/** The master key that the due migration will record as in use: that of the oldest key, or else of the oldest secret. */
async function oldestMasterKey(db: Database['checks'], due: readonly string[]): Promise<string | undefined> {
  const key = await db.selectFrom('key').select('master_key_id').orderBy('created_at').limit(1).executeTakeFirst()
  if (key !== undefined || due.includes(SECRETS_SINCE)) return key?.master_key_id
  const secret = await db
    .selectFrom('credential')
    .select('master_key_id')
    .where('master_key_id', 'is not', null)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  return secret?.master_key_id ?? undefined
}
