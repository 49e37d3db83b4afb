import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Audience, ClientId, CredentialId, Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase, openDatabase, openStore } from '../../src/store/open.ts'
import { tableNames } from '../../src/store/tables/copy.ts'
import { ACCESS } from '../harness/access.ts'
import { makeOldDatabase, migrationBefore } from '../harness/old-database.ts'
import { client, DAY, event } from './contract.ts'

type Row = Readonly<Record<string, unknown>>

/** A new database, in which a test reads and writes rows by hand. */
export interface HandledDatabase {
  readonly location: string
  run(sql: string): Promise<void>
  all(sql: string): Promise<readonly Row[]>
  /** Bytes in SQL. */
  bytes(hex: string): string
  /** Every index, those of keys included: its table, whether it is unique, and its columns, joined by commas. */
  readonly indexes: string
  /** Every table. */
  readonly tables: string
  destroy(): Promise<void>
}

/** Adds rows to every table, as a version from before there were tenants did. */
const fill = (bytes: HandledDatabase['bytes']): string => `
  insert into api (audience, name, scopes, token, created_at, updated_at)
  values ('https://a', 'the API', '[]', '{"lifetime":60}', 1, 2);
  insert into client (client_id, name, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
  values ('a', 'one', '[]', 1, '[]', '["edit"]', '[]', '{}', 1, 2), ('b', 'two', '[]', 0, '[]', '[]', '[]', '{}', 3, 4);
  insert into credential (id, client_id, kind, label, hint, data, issuer, encrypted_secret, master_key_id, origin, created_at)
  values ('s', 'a', 'secret', 'first', '', '{"hash":"$sha256$${'A'.repeat(43)}"}', null, ${bytes('0102')}, 'master', 'command', 5),
    ('f', 'b', 'federated', 'second', '', '{"issuer":"https://i","audience":"x"}', 'https://i', null, null, 'manifest', 6);
  insert into credential_use values ('s', 7);
  insert into "key" (kid, algorithm, state, public_key, encrypted_private_key, master_key_id, created_at, active_at)
  values ('k', 'ES256', 'active', ${bytes('03')}, ${bytes('04')}, 'master', 8, 9);
  insert into master_key values (1, 'master');
  insert into key_consumer values ('::1', 'curl', 10, 11, 12);
  insert into replay_mark values (${bytes('05'.repeat(16))}, 13);
  insert into longest_lifetime values (1, 14000);
  insert into revocation (seq, kind, id, expires_at) values (3, 'token', 't', 15);
  insert into change (seq, kind, id, at) values (20, 'client', 'a', 16), (21, 'client', 'b', 17);
  update counter set value = 21 where name = 'change';
  update counter set value = 3 where name = 'revocation';
  insert into audit_event (at, type, result, request_id, detail)
  values (18, 'token.issue', 'success', 'r', '{}'), (19, 'token.issue', 'refused', 'q', '{}');
`

/** Why a table needs no tenant, or an index does not begin with it. */
const WITHOUT: Readonly<Record<string, string>> = {
  migration: 'the list of migrations is about the tables, whoever has rows in them',
  'migration(name)': 'the same',
  audit_chain: 'the audit log has one proof for all tenants',
  'audit_chain(id)': 'the same',
  audit_removal: 'the same',
  'audit_removal(chain,first)': 'the same',
  audit_checkpoint: 'the same',
  'audit_checkpoint(number)': 'the same',
  audit_key: 'the same',
  'audit_key(number)': 'the same',
  node: 'a server serves every tenant',
  'node(id)': 'the same',
  'audit_event(seq)': 'events of all tenants have one order, in which they are removed',
  audit_segment: 'segments are of that order',
  'audit_segment(segment)': 'the same',
  'idempotency_key(expires_at)': 'old rows of all tenants are removed together',
  'replay_mark(expires_at)': 'old rows of all tenants are removed together',
  'revocation(expires_at)': 'old rows of all tenants are removed together',
  'key_consumer(last_seen)': 'old rows of all tenants are removed together',
}

/** A database of the version before there were tenants is carried over, and every table has them afterwards. */
export function beforeTenantsContract(name: string, create: () => Promise<HandledDatabase>) {
  describe(`tenants in a database on ${name}`, () => {
    let database: HandledDatabase
    beforeEach(async () => {
      database = await create()
    })
    afterEach(() => database.destroy())

    const open = () => openStore(database.location, systemClock, ACCESS)
    const makeOld = async () => {
      await makeOldDatabase(database.location, migrationBefore('0011-tenants'))
      await database.run(fill(database.bytes))
    }
    const dump = async () => {
      const rows = new Map<string, readonly Row[]>()
      // The version before had fewer tables.
      const there = (await database.all(database.tables)).map(({ table }) => table)
      for (const table of tableNames.filter((one) => there.includes(one)))
        rows.set(table, await database.all(`select * from "${table}" order by 1, 2`))
      return rows
    }

    test('a database of the version before: every row is the default tenant’s, and a second run does nothing', async () => {
      await makeOld()
      const before = await dump()
      for (const [table, rows] of before) expect(rows, table).not.toEqual([])
      expect(await migrateDatabase(database.location, systemClock, ACCESS)).toContain('0011-tenants')
      const after = await dump()
      for (const [table, rows] of before) {
        const isOneRow = table === 'master_key' || table === 'longest_lifetime'
        // Later migrations have added columns.
        const expected = rows.map(({ id, ...row }) =>
          expect.objectContaining({ ...row, ...(!isOneRow && id !== undefined && { id }), tenant: 'default' }),
        )
        // A later migration adds a row of `credential_use` for each credential that was never used.
        const added = table === 'credential_use' ? 1 : 0
        expect(after.get(table), table).toHaveLength(rows.length + added)
        expect(after.get(table), table).toEqual(expect.arrayContaining(expected))
      }
      expect(await migrateDatabase(database.location, systemClock, ACCESS)).toEqual([])
      expect(await dump()).toEqual(after)
    })

    test('a database of the version before: it works', async () => {
      await makeOld()
      const store = await open()
      expect(await store.directory.loadClient(ClientId('a'))).toMatchObject({ name: 'one', scopes: ['edit'] })
      expect((await store.directory.loadApis()).found).toMatchObject([{ audience: 'https://a', name: 'the API' }])
      expect(await store.directory.clientsTrusting('https://i', 9)).toEqual(['b'])
      expect((await store.credentials.listCredentials(ClientId('a')))?.found).toMatchObject([{ lastUsedAt: 7 }])
      const { items } = await store.fleet.listClients({ filter: {}, sort: 'id', most: 9 })
      expect(items).toMatchObject([
        { id: 'a', name: 'one', kinds: ['secret'], lastUsedAt: 7, createdAt: 1 },
        { id: 'b', name: 'two', kinds: ['federated'], lastUsedAt: undefined, createdAt: 3 },
      ])
      expect(await store.fleet.countClients({ isEnabled: false, search: 'TW' })).toEqual({ count: 1, isMore: false })
      expect(await store.fleet.countCredentials({ kind: 'federated' })).toEqual({ count: 1, isMore: false })
      expect(await store.keys.listKeys()).toMatchObject({ found: [{ kid: 'k' }], masterKeyId: 'master' })
      expect(await store.revocations.isTokenRevoked(Jti('t'))).toBe(true)
      expect(await store.revocations.longestLifetime()).toBe(14_000)
      expect(await store.replay.addMarks([{ id: Buffer.alloc(16, 5), expiresAt: 1 }])).toEqual([])
      expect(await store.audit.listEvents({ limit: 9 })).toMatchObject([{ requestId: 'r' }, { requestId: 'q' }])
      // Numbers go on after the last one.
      const { version } = await store.model.snapshot([])
      expect(version).toBe(21)
      const writes = { apis: [], clients: [client('a', { enabled: false })], event: event('commit') }
      expect(await store.model.commit(version, writes)).toBe(true)
      expect(await store.changes.changesSince(21)).toMatchObject({
        latest: 22,
        changes: [{ kind: 'client', id: 'a' }],
        missed: false,
      })
      expect(await store.revocations.revocationsAfter(3, 9)).toMatchObject({ latest: 4, found: [{ kind: 'client' }] })
      await store.credentials.noteUses([{ id: CredentialId('f'), at: 30 }])
      expect(await store.model.lastUses([CredentialId('f')])).toEqual(new Map([['f', 30]]))
      await store.revocations.addRevocations([
        { kind: 'api', id: Audience('https://a'), issuedBefore: 1, expiresAt: DAY },
      ])
      expect(await store.audit.listEvents({ limit: 1 })).toMatchObject([{ requestId: 'commit' }])
      await store.close()
      // Credentials go with their client, and uses with their credential.
      const { writes: rows, close } = await openDatabase(database.location, systemClock, ACCESS)
      await rows.deleteFrom('client').where('client_id', '=', 'b').execute()
      await close()
      expect(await database.all('select * from credential')).toEqual([])
      expect(await database.all('select * from credential_use')).toEqual([])
    })

    test('a server of the version before adds rows of the default tenant until it is replaced', async () => {
      await (await open()).close()
      await database.run(`
        insert into replay_mark (id, expires_at) values (${database.bytes('05'.repeat(16))}, 13);
        update counter set value = value + 1;
        insert into revocation (seq, kind, id, expires_at) values (1, 'token', 't', 15);
        insert into change (seq, kind, id, at) values (1, 'client', 'a', 16);
        insert into audit_event (at, type, result, request_id, detail) values (18, 'token.issue', 'success', 'r', '{}')`)
      const store = await open()
      expect(await store.replay.addMarks([{ id: Buffer.alloc(16, 5), expiresAt: 1 }])).toEqual([])
      expect(await store.revocations.isTokenRevoked(Jti('t'))).toBe(true)
      expect((await store.changes.changesSince(0)).changes).toEqual([{ kind: 'client', id: 'a' }])
      expect(await store.audit.listEvents({ limit: 9 })).toMatchObject([{ requestId: 'r' }])
      await store.close()
    })

    test('every table has tenants, and every key and index begins with them, but for those that say why not', async () => {
      await (await open()).close()
      const wrong: string[] = []
      for (const { table } of await database.all(database.tables)) {
        const rows = await database.all(`select count(tenant) from "${table}"`).catch(() => undefined)
        if (rows === undefined) wrong.push(String(table))
      }
      for (const { table, columns } of await database.all(database.indexes))
        if (!/^tenant(,|$)/.test(String(columns))) wrong.push(`${table}(${columns})`)
      // Either database also says which indexes there are that have no reason to be.
      expect([...new Set(wrong)].filter((one) => WITHOUT[one] === undefined)).toEqual([])
      expect(wrong).toEqual(expect.arrayContaining(['migration', 'replay_mark(expires_at)', 'audit_event(seq)']))
    })
  })
}
