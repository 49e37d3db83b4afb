import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditVerify } from '../../src/cli/audit-proof.ts'
import { storageCopy, storageMigrate } from '../../src/cli/storage.ts'
import { DEFAULT_TENANT, Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { ACCESS } from '../harness/access.ts'
import { environmentOf } from '../harness/cli.ts'
import { runCommand } from '../harness/command.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { type SharedPostgres, sharedPostgres } from '../harness/postgres.ts'
import { basic, startTestServer } from '../harness/server.ts'
import { usageCount } from './contract.ts'

let postgres: SharedPostgres
let folder: string
/** A database with rows in every table. */
let original: string
beforeAll(async () => {
  postgres = await sharedPostgres()
  folder = mkdtempSync(join(tmpdir(), 'tessera-copy-'))
  original = `sqlite:${join(folder, 'original.db')}`
  await fill(original)
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
})

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

async function fill(location: string): Promise<void> {
  const options = { storage: location, master_key: MASTER_KEY }
  const server = await startTestServer({ manifest: MODEL, options })
  await server.token({ grant_type: 'client_credentials' }, basic('nobody', 'x'))
  await server.stop()
  const store = await openStore(location, systemClock)
  const expiresAt = systemClock.now() + 1_000_000
  await store.revocations.addRevocations([1, 2, 3].map((id) => ({ kind: 'token', id: Jti(`t${id}`), expiresAt })))
  // The row with the highest number is gone. The next number must be higher all the same.
  await store.revocations.pruneRevocations(expiresAt, 1)
  await store.replay.addMarks([{ id: Buffer.alloc(16, 0xff), expiresAt }])
  await store.keys.addFetches([
    { address: '::1', userAgent: 'Zebra/1 ü', firstSeen: 1, lastSeen: systemClock.now(), fetches: 3 },
    { address: '::1', userAgent: 'antelope', firstSeen: 1, lastSeen: systemClock.now(), fetches: 1 },
  ])
  const event = {
    tenant: DEFAULT_TENANT,
    at: 1,
    type: 'token.issue',
    result: 'success',
    reason: undefined,
    detail: {},
  } as const
  const origin = { clientId: undefined, remoteAddress: undefined, traceId: undefined }
  const events = Array.from({ length: 1_234 }, (_, index) => ({ ...event, ...origin, requestId: `r${index}` }))
  await store.audit.append(events)
  const [some] = (await store.credentials.listExpiring(0, Number.MAX_SAFE_INTEGER, 1)).found
  const requests = [1, 2].map((minute) => usageCount({ at: minute * 60_000, count: minute }))
  await store.usage.add({ id: Buffer.alloc(16, 5), expiresAt, counts: requests })
  if (some !== undefined) await store.credentials.noteUses([{ id: some.credential.id, at: 5 }])
  await store.close()
}

const copy = (from: string, to: string, json = false) =>
  runCommand({}, () => storageCopy({ from, to, ...(json && { json: true }) }))

/** All rows of a database, sorted independently of it. */
async function dump(location: string): Promise<Record<string, unknown[]>> {
  const db = await openDatabase(location, systemClock, ACCESS)
  const tables = ['api', 'client', 'credential', 'credential_use', 'key', 'key_consumer', 'replay_mark'] as const
  const numbered = [
    'longest_lifetime',
    'master_key',
    'counter',
    'revocation',
    'change',
    'audit_event',
    'usage',
  ] as const
  const content: Record<string, unknown[]> = {}
  for (const table of [...tables, ...numbered]) {
    const rows = await db.scans.selectFrom(table).selectAll().execute()
    const plain = rows.map((row) =>
      JSON.stringify(
        Object.entries(row)
          .map(([column, value]) => [column, value instanceof Uint8Array ? [...value] : value])
          .sort(),
      ),
    )
    content[table] = plain.sort()
  }
  await db.close()
  return content
}

describe('tessera storage copy', () => {
  test('a database copied there and back is the same, row by row', async () => {
    const before = await dump(original)
    for (const [table, rows] of Object.entries(before)) expect(rows.length, table).toBeGreaterThan(0)
    const [there, back] = [await postgres.newSchema(), `sqlite:${join(folder, 'back.db')}`]

    const forth = await copy(original, there)
    expect(forth.error).toBeUndefined()
    expect(forth.stdout).toMatch(/^audit_event +1\d{3} +[0-9a-f]{64}$/m)
    expect(forth.stderr).toMatch(/:\*\*\*@.* has every row of sqlite:/)
    expect(forth.stdout + forth.stderr).not.toContain(decodeURIComponent(new URL(there).password))
    expect(await dump(there)).toEqual(before)

    const returned = await copy(there, back, true)
    expect(returned.error).toBeUndefined()
    expect(JSON.parse(returned.stdout)['revocation']).toMatchObject({ rows: 2 })
    expect(await dump(back)).toEqual(before)
    expect((await copy(back, await postgres.newSchema())).stdout).toBe(forth.stdout)
  })

  test('a fraction that an earlier version kept on SQLite is copied exactly', async () => {
    const odd = `sqlite:${join(folder, 'odd.db')}`
    await openStore(odd, systemClock).then((store) => store.close())
    const database = new DatabaseSync(odd.slice('sqlite:'.length))
    database.exec(
      `insert into replay_mark (id, expires_at) values (x'00112233445566778899aabbccddeeff', 1795620953578.9814)`,
    )
    database.close()
    const there = await postgres.newSchema()
    const copied = await copy(odd, there)
    expect(copied.error).toBeUndefined()
    const rows = await postgres.query('select expires_at from replay_mark', there)
    expect(rows).toEqual([{ expires_at: '1795620953578' }])
  })

  test('U+0000 that an earlier version kept on SQLite is copied as PostgreSQL keeps it', async () => {
    const odd = `sqlite:${join(folder, 'nul.db')}`
    await openStore(odd, systemClock).then((store) => store.close())
    const database = new DatabaseSync(odd.slice('sqlite:'.length))
    const insert = `insert into audit_event (at, type, result, request_id, detail, client_id) values`
    database.prepare(`${insert} (1, 'token.issue', 'refused', 'r', '{}', ?)`).run('a\0b')
    database.close()
    const there = await postgres.newSchema()
    expect((await copy(odd, there)).error).toBeUndefined()
    expect(await postgres.query('select client_id from audit_event', there)).toEqual([{ client_id: 'a\ufffdb' }])
  })

  test('the copy continues the numbers of the original', async () => {
    const there = await postgres.newSchema()
    await copy(original, there)
    const [one, other] = [await openStore(original, systemClock), await openStore(there, systemClock, ACCESS)]
    const expiresAt = systemClock.now() + 1_000
    const origin = { clientId: undefined, remoteAddress: undefined, traceId: undefined }
    for (const store of [one, other]) {
      await store.revocations.addRevocations([{ kind: 'token', id: Jti('later'), expiresAt }])
      const event = {
        tenant: DEFAULT_TENANT,
        at: 1,
        type: 'token.issue',
        result: 'success',
        reason: undefined,
        detail: {},
      } as const
      await store.audit.append([{ ...event, ...origin, requestId: 'later' }])
    }
    const last = async (store: typeof one) => ({
      revocation: (await store.revocations.revocationsAfter(0, 9)).latest,
      change: await store.changes.latestChange(),
      event: (await store.audit.listEvents({ limit: 1 }))[0]?.seq,
    })
    expect(await last(other)).toEqual(await last(one))
    await one.close()
    await other.close()
  })

  test('the audit log of a copy verifies, in either direction, after a server has gone on with it', async () => {
    const [there, back] = [await postgres.newSchema(), `sqlite:${join(folder, 'verified.db')}`]
    let from = original
    for (const to of [there, back]) {
      await copy(from, to)
      const server = await startTestServer({ options: { storage: to, master_key: MASTER_KEY } })
      expect((await server.token({ grant_type: 'client_credentials' }, basic('reporter', SECRET))).status).toBe(200)
      await server.token({ grant_type: 'client_credentials' }, basic('nobody', 'x'))
      await server.stopServer()
      const { stdout, error } = await runCommand(environmentOf(server.config), () => auditVerify({ json: true }))
      await server.stop()
      expect(error, stdout).toBeUndefined()
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, uncovered: 0 })
      from = to
    }
  })

  test('a target with data is refused and left unchanged', async () => {
    const there = await postgres.newSchema()
    const store = await openStore(there, systemClock, ACCESS)
    await store.revocations.noteLifetime(7)
    await store.close()
    expect((await copy(original, there)).error).toMatch(/the target has data already, in the table longest_lifetime/)
    expect((await dump(there))['longest_lifetime']).toHaveLength(1)
    expect((await dump(there))['api']).toEqual([])
  })

  const refused: [string, () => [from: string, to: string], RegExp][] = [
    ['the same database twice', () => [original, original], /are the same database/],
    ['a missing source', () => ['sqlite:/nowhere/x.db', original], /there is no such database: \/nowhere\/x\.db/],
    [
      'a target that does not answer',
      () => [original, 'postgres://x:secret@127.0.0.1:1/x'],
      /postgres:\/\/x:\*\*\*@127\.0\.0\.1:1\/x can't be used: nothing listens there/,
    ],
    [
      'a target that is no address',
      () => [original, 'mysql://x'],
      /--to is mysql:\/\/x: must be sqlite: and a path, or postgres:/,
    ],
  ]
  test.each(refused)('%s', async (_name, locations, message) => {
    const { error } = await copy(...locations())
    expect(error).toMatch(message)
    expect(error).not.toContain('secret')
  })

  test('a copy that fails half-way leaves the target empty', async () => {
    const there = await postgres.newSchema()
    await runCommand({ TESSERA_STORAGE: there }, () => storageMigrate({}))
    await postgres.query(`alter table audit_event add constraint short check (seq < 1000)`, there)
    expect((await copy(original, there)).error).toMatch(/violates check constraint/)
    for (const rows of Object.values(await dump(there)).slice(0, 7)) expect(rows).toEqual([])
  })

  test('a row that differs in the copy is found', async () => {
    const there = await postgres.newSchema()
    await runCommand({ TESSERA_STORAGE: there }, () => storageMigrate({}))
    await postgres.query(
      `create function change() returns trigger language plpgsql as
        'begin new.user_agent = upper(new.user_agent); return new; end';
      create trigger change before insert on key_consumer for each row execute function change()`,
      there,
    )
    expect((await copy(original, there)).error).toMatch(/key_consumer is not the same there: 2 of 2 rows/)
  })
})
