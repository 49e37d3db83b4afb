import { Agent } from 'node:https'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, formOf } from '../client-auth/assertions.ts'
import { report } from '../harness/extent.ts'
import { SECRET } from '../harness/model.ts'
import { type Answer, postOver } from '../harness/post.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { applyTo, basic, startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { makeSigner, signWith } from '../jws/tokens.ts'
import { type SqliteCalls, takeOverSqlite } from './sqlite-calls.ts'

const robot = await makeSigner('ES256')
const credentials = `credentials: [{ secret: ${SECRET} }]`
const MANIFEST = `
apis: [{ audience: "https://api.example.com", scopes: [{ name: edit }] }]
clients:
  - { client_id: caller, scopes: [edit], ${credentials} }
  - { client_id: unasked, scopes: [edit], ${credentials} }
  - { client_id: robot, scopes: [edit], credentials: [{ jwks: ${JSON.stringify({ keys: [robot.publicJwk] })} }] }
  - { client_id: watcher, introspects: all, ${credentials} }
`
/** More than fits into what is left of any page. */
const MANY = 500
const WIDE = `
clients:
${Array.from({ length: MANY }, (_, n) => `  - { client_id: more-${n}, scopes: [edit], ${credentials} }`).join('\n')}
`
const GRANT = { grant_type: 'client_credentials', scope: 'edit' }
const agent = new Agent({ keepAlive: true })
afterAll(() => agent.destroy())

let server: TestServer
afterEach(() => server.stop())

const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
  postOver(agent, `${server.issuer}/as/${path}.oauth2`, form, headers)
const ask = (client: string) => post('token', GRANT, basic(client, SECRET))
const revoke = (token: string) => post('revoke_token', { token }, basic('caller', SECRET))
const isActive = async (token: string) =>
  JSON.parse((await post('introspect', { token }, basic('watcher', SECRET))).body).active

/** Does something anew until it is refused, which it must be once what room there was is used up. @returns what was done, and what was refused */
async function untilRefused(make: () => Promise<string>, send: (made: string) => Promise<Answer>) {
  const done: string[] = []
  while (done.length < 5_000) {
    const made = await make()
    const { status, retryAfter } = await send(made)
    if (status !== 200) {
      expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: '1' })
      return { done, refused: made }
    }
    done.push(made)
  }
  throw new Error('there is still room')
}

/** What needs no room goes on; what does is refused, in full; and once there is room, all is as if there had always been. */
async function expectEndured(fill: () => Promise<void> | void, free: () => Promise<void> | void): Promise<void> {
  const issue = async () => JSON.parse((await ask('caller')).body).access_token as string
  const assertion = () => signWith(robot, claimsOf(server.issuer, 'robot', Math.floor(Date.now() / 1000)))
  const present = (made: string) => post('token', formOf(made, GRANT))
  await issue()
  await fill()
  const revocations = await untilRefused(issue, revoke)
  const uses = await untilRefused(assertion, present)
  const issued: string[] = []
  for (let turn = 0; turn < 300; turn += 1) {
    const answer = await ask(turn === 0 ? 'unasked' : 'caller')
    expect(answer.status).toBe(200)
    issued.push(answer.requestId)
  }
  for (const token of revocations.done) expect(await isActive(token)).toBe(false)
  expect(await isActive(revocations.refused)).toBe(true)
  await expect(applyTo(server.config, WIDE)).rejects.toMatchObject({ reason: 'storage_unavailable' })
  await free()

  const back = await until(async () => (await revoke(revocations.refused)).status === 200)
  expect(back).toBeLessThan(2_000)
  for (const token of [...revocations.done, revocations.refused]) expect(await isActive(token)).toBe(false)
  for (const used of uses.done) expect((await present(used)).status).toBe(401)
  const outcomes = [await present(uses.refused), await present(uses.refused)]
  expect(outcomes.map(({ status }) => status)).toEqual([200, 401])
  expect((await applyTo(server.config, WIDE)).clients).toHaveLength(MANY)
  for (const requestId of issued) expect(await server.audit(requestId)).toHaveLength(1)
  const [revoked, used] = [revocations.done.length, uses.done.length]
  report('disk full', {
    'revoked before it was': revoked,
    'used before': used,
    'issued while it was': issued.length,
    'back after (ms)': Math.ceil(back),
  })
}

describe('SQLite', () => {
  let calls: SqliteCalls
  beforeAll(() => {
    calls = takeOverSqlite()
  })
  afterAll(() => calls.restore())

  test('with no room to grow', async () => {
    server = await startTestServer({ manifest: MANIFEST })
    await expectEndured(
      () => calls.fill(),
      () => calls.free(),
    )
  })
})

describe('PostgreSQL', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())

  // As the server says it (https://www.postgresql.org/docs/current/errcodes-appendix.html, class 53).
  test('without room for a row', async () => {
    const storage = await postgres.newSchema()
    server = await startTestServer({ manifest: MANIFEST, options: { storage } })
    const tables = (
      await postgres.query('select tablename from pg_tables where schemaname = current_schema()', storage)
    ).map(({ tablename }) => `"${tablename}"`)
    await postgres.query(
      `create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`,
      storage,
    )
    const each = (statement: (table: string) => string) => postgres.query(tables.map(statement).join(';'), storage)
    await expectEndured(
      async () =>
        void (await each(
          (table) => `create trigger full_disk before insert or update on ${table} execute function refuse()`,
        )),
      async () => void (await each((table) => `drop trigger full_disk on ${table}`)),
    )
  })
})
