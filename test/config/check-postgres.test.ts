import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { createLogger } from '../../src/observability/log.ts'
import { startServer } from '../../src/server/server.ts'
import { translate } from '../../src/store/postgres/errors.ts'
import { explainDatabase } from '../../src/store/problems.ts'
import { freePort } from '../harness/port.ts'
import { loginRole, type SharedPostgres, sharedPostgres } from '../harness/postgres.ts'
import { type CheckSetting, openSetting } from './setting.ts'

const log = createLogger('silent')

let setting: CheckSetting
let postgres: SharedPostgres
beforeAll(async () => {
  ;[setting, postgres] = await Promise.all([openSetting(), sharedPostgres()])
  await postgres.query(loginRole('serving'))
})
afterAll(async () => {
  setting.stop()
})

/** The address of the same database for the role with few rights. */
const asServing = (url: string) => url.replace('postgres:postgres@', 'serving:serving@')
const GRANTS = `
  grant select, insert, update, delete on all tables in schema public to serving;
  revoke insert, update, delete on migration from serving`

/** Makes a migrated database, and runs statements in it. */
async function migrated(...statements: readonly string[]): Promise<string> {
  const url = await postgres.newMigrated()
  for (const statement of statements) await postgres.query(statement, url)
  return url
}

const nameIn = (url: string) => url.split('/').at(-1)

/** Makes a database with tables of another program, made with Yii, whose names are those of ours. */
async function withOthers(...statements: readonly string[]): Promise<string> {
  const url = await postgres.newDatabase()
  const others = ['create table migration (version text, apply_time integer)', 'create table client (id integer)']
  for (const statement of [...others, ...statements]) await postgres.query(statement, url)
  return url
}

const broken: readonly [string, () => Promise<string>, RegExp][] = [
  [
    'a wrong password',
    async () => (await migrated()).replace('postgres:postgres@', 'postgres:hush@'),
    /^tessera: storage: postgres:\/\/postgres:\*\*\*@127.*: the password of the role is wrong: it is in the address, in storage_password_file, or in PGPASSWORD\n$/,
  ],
  [
    'no password',
    async () => (await migrated()).replace('postgres:postgres@', 'postgres@'),
    /^tessera: storage: postgres:\/\/postgres@127.*: it asks for a password: name a file with it in storage_password_file\n$/,
  ],
  [
    'a missing database',
    async () => (await migrated()).replace(/\w+$/, 'nothing'),
    /^tessera: storage: postgres:.*\/nothing can't be used: there is no database of that name\n$/,
  ],
  [
    'a role without rights on the tables',
    async () => asServing(await migrated('grant select on migration to serving')),
    /^tessera: storage: this role lacks rights .*: grant select, insert, update, delete on .*public\.api, public\.audit_chain, .* to serving;\n$/,
  ],
  [
    'a role without a right on two of them',
    async () => asServing(await migrated(GRANTS, 'revoke delete on key, replay_mark from serving')),
    /^tessera: storage: this role lacks rights .*: grant select, insert, update, delete on public\.key, public\.replay_mark to serving;\n$/,
  ],
  [
    'a role without the right to use the schema',
    async () => asServing(await migrated(GRANTS, 'revoke usage on schema public from public, serving')),
    /^tessera: storage: this role lacks rights .*: grant usage on schema public to serving;\n$/,
  ],
  [
    'a role whose search path names a schema that it may not use',
    async () => {
      const url = await migrated('create schema "Their own"', GRANTS)
      await postgres.query(`alter role serving in database ${nameIn(url)} set search_path = "Their own"`, url)
      return asServing(url)
    },
    /^tessera: storage: this role lacks rights .*: grant usage on schema "Their own" to serving;\n$/,
  ],
  [
    'tables of another program, with a list of its own migrations',
    () => withOthers(),
    /^tessera: storage: another program has tables in the schema public: client, migration; give the role a schema of its own, first in its search_path\n$/,
  ],
  [
    'tables of another program that this role may not use',
    async () => asServing(await withOthers()),
    /^tessera: storage: another program has tables in the schema public: client, migration; give /,
  ],
  [
    'a role that may not read the list of migrations',
    async () => asServing(await migrated(GRANTS, 'revoke select on migration from serving')),
    /^tessera: storage: this role lacks rights .*: grant select on public\.migration to serving;\n$/,
  ],
  [
    'a database without migrations, and a role that may not migrate',
    async () => asServing(await postgres.newDatabase()),
    /^tessera: storage: the database has not had 0001-first, .*, and the role serving may not create tables in the schema public: run `tessera storage migrate` as a role that may\n$/,
  ],
  [
    'a database that lacks a migration, and tables of another owner',
    async () =>
      asServing(
        await migrated(
          GRANTS,
          `delete from migration where name > '0005'`,
          'drop table counter',
          'grant create on schema public to serving',
        ),
      ),
    /^tessera: storage: the database has not had 0005-counters, .*, and the role serving may not change the tables, which other roles own: /,
  ],
  [
    'a database of a newer program',
    () => migrated(`insert into migration (name, timestamp) values ('9999-future', '')`),
    /^tessera: the database is newer than this program: it has had 9999-future\n$/,
  ],
  [
    'a dropped table',
    () => migrated('drop table replay_mark'),
    /^tessera: storage: the database has lost these tables: replay_mark\n$/,
  ],
  [
    'a database that is read-only',
    async () => {
      const url = await migrated()
      await postgres.query(`alter database ${nameIn(url)} set default_transaction_read_only = on`)
      return url
    },
    /^tessera: storage: the database is read-only: it is a standby, or was made read-only\n$/,
  ],
  [
    'a master key of another database',
    async () => {
      const url = await postgres.newDatabase()
      const env = { ...setting.env, TESSERA_STORAGE: url, TESSERA_MASTER_KEY: randomBytes(32).toString('base64') }
      const server = await startServer(resolveConfig(loadOptions({ env })), { log })
      await server.stop()
      return url
    },
    /^tessera: master_key_file: the database is encrypted under the master key [0-9a-f]{12}; the one given is /,
  ],
]

/**
 * The number of writes of each table. A connection reports its writes only when it ends, so that this waits for all to
 * end.
 */
async function contents(url: string) {
  const asOwner = url.replace(/\/\/\w+(:\w+)?@/, '//postgres:postgres@')
  const others = `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
  await expect.poll(() => postgres.query(others, asOwner), { timeout: 20_000 }).toEqual([])
  return postgres.query(
    `select relname, n_tup_ins + n_tup_upd + n_tup_del as writes from pg_stat_user_tables order by relname`,
    asOwner,
  )
}

describe('config check and serve refuse the same PostgreSQL databases, with the same messages', () => {
  test.each(broken)('%s', async (name, open, message) => {
    const TESSERA_STORAGE = await open()
    const isThere = name !== 'a missing database'
    const before = isThere ? await contents(TESSERA_STORAGE) : []
    const checked = await setting.run(['config', 'check'], { TESSERA_STORAGE })
    expect(checked).toMatchObject({ code: 1, stdout: '' })
    expect(checked.stderr).toMatch(message)
    expect(checked.stderr).not.toContain('hush')
    expect(await setting.run(['serve'], { TESSERA_STORAGE })).toEqual(checked)
    expect(isThere ? await contents(TESSERA_STORAGE) : []).toEqual(before)
  })
})

describe('a command says why it can’t use a database', () => {
  test('that is read-only', async () => {
    const url = await migrated()
    await postgres.query(`alter database ${nameIn(url)} set default_transaction_read_only = on`)
    expect((await setting.run(['clients', 'disable', 'a', '--yes'], { TESSERA_STORAGE: url })).stderr).toMatch(
      /^tessera: storage: postgres:.* can't be used: it is read-only: a standby, or another server than before\n$/,
    )
  })

  test('at a host with several addresses, where nothing listens', async () => {
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
    const socket = connect({
      host: 'db.example.com',
      port: await freePort(),
      lookup: (_host, _options, done) => done(null, addresses),
    })
    const error = await once(socket, 'connect').catch((thrown: unknown) => thrown)
    expect(explainDatabase(translate(error), 'postgres://db.example.com/x')).toMatchObject({
      message: "storage: postgres://db.example.com/x can't be used: nothing listens there",
    })
  })
})

test.each([
  ['a role with all rights that a server needs', async () => asServing(await migrated(GRANTS)), ''],
  [
    'an empty database, and a role that may migrate it',
    () => postgres.newDatabase(),
    /^note: storage: the database has not had 0001-first, .*: the server begins with that\n$/,
  ],
  [
    'a schema of its own beside tables of another program',
    async () => asServing(await withOthers('create schema authorization serving')),
    /^note: storage: the database has not had 0001-first, .*: the server begins with that\n$/,
  ],
  [
    'a database whose encoding lacks characters',
    async () => {
      await postgres.query(`create database latin1 encoding latin1 template template0 locale_provider libc locale 'C'`)
      return `postgres://postgres:postgres@127.0.0.1:${postgres.port}/latin1`
    },
    /^warning: storage: the database has the encoding LATIN1, which lacks letters: use one with UTF8\n/,
  ],
] as const)('%s: both accept it', async (_name, open, says) => {
  const TESSERA_STORAGE = await open()
  const { code, stdout, stderr } = await setting.run(['config', 'check'], { TESSERA_STORAGE })
  expect(stderr).toMatch(says)
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: .* on postgres:\/\/\w+:\*\*\*@/),
  })
  const server = await startServer(resolveConfig(loadOptions({ env: { ...setting.env, TESSERA_STORAGE } })), { log })
  await server.stop()
})
