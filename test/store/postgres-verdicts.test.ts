import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { MOST_ATTEMPTS } from '../../src/store/sql/transaction.ts'
import { ACCESS } from '../harness/access.ts'
import { type SharedPostgres, sharedPostgres } from '../harness/postgres.ts'

let postgres: SharedPostgres
let url: string
let database: Database
beforeAll(async () => {
  postgres = await sharedPostgres()
  url = await postgres.newSchema()
  // A login takes long on a busy machine.
  database = await openDatabase(url, systemClock, ACCESS)
  await postgres.query('create sequence attempt', url)
})
afterAll(async () => {
  await database.close()
})

/** Makes each write of a counter fail with an SQLSTATE. */
async function failWith(state: string): Promise<void> {
  await postgres.query(
    `alter sequence attempt restart;
    create or replace function fail() returns trigger language plpgsql as
    $$ begin perform nextval('attempt'); raise exception 'so it is' using errcode = '${state}'; end $$;
    create or replace trigger fails before update on counter execute function fail()`,
    url,
  )
}

const write = () => sql`update counter set value = value`
const pid = async () =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.reads)).rows[0]?.pid
const attempts = async () => Number((await postgres.query(`select nextval('attempt') as next`, url))[0]?.['next']) - 1

interface Verdict {
  /** Whether the connection serves the next statement. */
  readonly isKept: boolean
  /** Whether the statement is retried on another connection. */
  readonly isTriedAgain: boolean
  readonly isDefect: boolean
}

const DEFECT: Verdict = { isKept: true, isTriedAgain: false, isDefect: true }
const STATEMENT: Verdict = { isKept: true, isTriedAgain: false, isDefect: false }
const CONNECTION: Verdict = { isKept: false, isTriedAgain: false, isDefect: false }
const SERVER: Verdict = { isKept: false, isTriedAgain: true, isDefect: false }

/**
 * At least one state of each class in https://www.postgresql.org/docs/current/errcodes-appendix.html, and every state
 * that concerns the server.
 */
const states: readonly [state: string, means: string, verdict: Verdict][] = [
  ['25006', 'read_only_sql_transaction', SERVER],
  ['57P01', 'admin_shutdown', SERVER],
  ['57P03', 'cannot_connect_now', SERVER],
  ['57P02', 'crash_shutdown', CONNECTION],
  ['57P04', 'database_dropped', CONNECTION],
  ['57P05', 'idle_session_timeout', CONNECTION],
  ['57000', 'operator_intervention', CONNECTION],
  ['08000', 'connection_exception', CONNECTION],
  ['08001', 'sqlclient_unable_to_establish_sqlconnection', CONNECTION],
  ['08003', 'connection_does_not_exist', CONNECTION],
  ['08004', 'sqlserver_rejected_establishment_of_sqlconnection', CONNECTION],
  ['08006', 'connection_failure', CONNECTION],
  ['08007', 'transaction_resolution_unknown', CONNECTION],
  ['08P01', 'protocol_violation, as from a pooler that has lost its server', CONNECTION],
  ['40003', 'statement_completion_unknown', CONNECTION],
  ['53300', 'too_many_connections', CONNECTION],
  ['25001', 'active_sql_transaction', CONNECTION],
  ['25P02', 'in_failed_sql_transaction', CONNECTION],
  ['25P03', 'idle_in_transaction_session_timeout', CONNECTION],
  ['25P04', 'transaction_timeout', CONNECTION],
  ['28000', 'invalid_authorization_specification', CONNECTION],
  ['55000', 'object_not_in_prerequisite_state, as in recovery', CONNECTION],
  ['58000', 'system_error', CONNECTION],
  ['58030', 'io_error', CONNECTION],
  ['72000', 'snapshot_too_old', CONNECTION],
  ['F0000', 'config_file_error', CONNECTION],
  ['XX000', 'internal_error, such as no transaction ids in recovery', CONNECTION],
  ['XX001', 'data_corrupted', CONNECTION],
  ['QQ000', 'an unknown state', CONNECTION],
  ['40001', 'serialization_failure', STATEMENT],
  ['40P01', 'deadlock_detected', STATEMENT],
  ['44000', 'with_check_option_violation', STATEMENT],
  ['53100', 'disk_full', STATEMENT],
  ['53200', 'out_of_memory', STATEMENT],
  ['54000', 'program_limit_exceeded', STATEMENT],
  ['55P03', 'lock_not_available', STATEMENT],
  ['57014', 'query_canceled', STATEMENT],
  ['P0001', 'raise_exception', STATEMENT],
  ['0A000', 'feature_not_supported', DEFECT],
  ['21000', 'cardinality_violation', DEFECT],
  ['22P02', 'invalid_text_representation', DEFECT],
  ['23505', 'unique_violation', DEFECT],
  ['42501', 'insufficient_privilege', DEFECT],
]

describe('a statement that fails', () => {
  test.each(states)('%s: %s', async (state, _, { isKept, isTriedAgain, isDefect }) => {
    await failWith(state)
    const before = await pid()
    const error = isDefect ? { code: state } : { reason: 'storage_unavailable', cause: { code: state } }
    await expect(write().execute(database.reads)).rejects.toMatchObject(error)
    const alone = ['40001', '40P01'].includes(state) ? MOST_ATTEMPTS : isTriedAgain ? 2 : 1
    expect(await attempts()).toBe(alone)
    const after = await pid()
    if (isKept) expect(after).toBe(before)
    else expect(after).not.toBe(before)
    // Only the caller of a transaction can retry it.
    await expect(database.reads.transaction().execute((trx) => write().execute(trx))).rejects.toMatchObject(error)
    expect(await attempts()).toBe(alone + 2)
    if (isKept) expect(await pid()).toBe(after)
    else expect(await pid()).not.toBe(after)
  })
})

test('giving up a connection also closes all older ones, in use or idle', async () => {
  const pids = async () => {
    const rows = await postgres.query(
      `select pid from pg_stat_activity where application_name = 'tessera' and usename = '${new URL(url).username}'`,
    )
    return new Set(rows.map((row) => row['pid']))
  }
  const busy = () => Promise.all([1, 2, 3].flatMap(() => [database.reads, database.writes].map((db) => sleepOn(db))))
  await busy()
  const before = await pids()
  expect(before.size).toBeGreaterThan(3)
  await failWith('25006')
  const using = sleepOn(database.writes)
  await expect(write().execute(database.reads)).rejects.toMatchObject({ reason: 'storage_unavailable' })
  await using
  await expect.poll(async () => [...(await pids())].filter((one) => before.has(one))).toEqual([])
})

test('a transaction as a whole ends in time, even if each answer is just in time', async () => {
  const impatient = await openDatabase(url, systemClock, { ...ACCESS, requestTimeout: 2_000 })
  await sql`select 1`.execute(impatient.urgent)
  const steps: number[] = []
  const slow = impatient.urgent.transaction().execute(async (trx) => {
    for (let step = 1; step < 20; step += 1) {
      await sql`select pg_sleep(0.4)`.execute(trx)
      steps.push(step)
    }
  })
  await expect(slow).rejects.toMatchObject({ cause: { message: 'the database did not answer within 2000 ms' } })
  expect(steps.length).toBeLessThan(6)
  await impatient.close()
})

const sleepOn = (db: Database['reads']) => sql`select pg_sleep(0.2)`.execute(db)
