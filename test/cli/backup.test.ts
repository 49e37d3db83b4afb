import { createHash, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHANGES } from '../../src/audit/proof/chain.ts'
import { auditVerify } from '../../src/cli/audit-proof.ts'
import { backup, restore } from '../../src/cli/backup.ts'
import { clientsList } from '../../src/cli/clients.ts'
import { createLogger } from '../../src/observability/log.ts'
import { startServer } from '../../src/server/server.ts'
import { tessera } from '../harness/cli.ts'
import { type Ran, runCommand } from '../harness/command.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const ASK = { grant_type: 'client_credentials', scope: 'edit' }
const BESIDE = `${MODEL}
  - client_id: gateway
    credentials: [{ secret: ${SECRET} }]
    introspects: [https://api.example.com]
  - client_id: signer
    scopes: [edit]
    credentials: [{ label: kept, secret: ${SECRET}, retrievable: true }]
`

let server: TestServer
let folder: string
let masterKey: string
/** A backup of a server that has issued and revoked tokens. */
let sound: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-backup-'))
  server = await startTestServer({ manifest: BESIDE })
  masterKey = server.config.masterKey.toString('base64')
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const newPath = (name = 'tessera.db') => join(mkdtempSync(join(folder, 'at-')), name)
const environment = (database: string) => ({ TESSERA_STORAGE: `sqlite:${database}`, TESSERA_MASTER_KEY: masterKey })
const backUp = (to: string, storage = server.config.storage): Promise<Ran> =>
  runCommand({ TESSERA_STORAGE: storage }, () => backup({ to }))
const restoreTo = (to: string, from: string, options = {}, env = {}): Promise<Ran> =>
  runCommand({ ...environment(to), ...env }, () => restore({ from, ...options }))
const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

async function newToken({ token }: TestServer, client = 'reporter'): Promise<string> {
  const response = await token(ASK, basic(client, SECRET))
  expect(response.status).toBe(200)
  return ((await response.json()) as { access_token: string }).access_token
}

const post = (issuer: string, path: string, form: Record<string, string>, client: string) =>
  fetch(`${issuer}/as/${path}.oauth2`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: basic(client, SECRET),
  })

const isActive = async (issuer: string, token: string): Promise<unknown> =>
  ((await (await post(issuer, 'introspect', { token }, 'gateway')).json()) as { active: unknown }).active

const keysOf = async (issuer: string): Promise<string> => (await fetch(`${issuer}/pf/JWKS`)).text()

describe('a backup of a server under load', () => {
  const before: Record<string, string> = {}
  beforeAll(async () => {
    before['good'] = await newToken(server)
    before['revoked'] = await newToken(server)
    before['keys'] = await keysOf(server.issuer)
    expect((await post(server.issuer, 'revoke_token', { token: before['revoked'] }, 'reporter')).status).toBe(200)

    sound = newPath('backup.db')
    let isLoaded = true
    let issued = 0
    const load = Array.from({ length: 4 }, async () => {
      while (isLoaded) {
        await newToken(server)
        issued += 1
      }
    })
    // A separate process: in this one, the copy would delay the load.
    const during = issued
    const outcome = await tessera(['backup', '--to', sound], { env: { TESSERA_STORAGE: server.config.storage } })
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/clients, schema 0\d+-.*intact/) })
    expect(outcome.stderr).toMatch(/does not hold the master key \([0-9a-f]{12}\)/)
    expect(issued).toBeGreaterThan(during)
    isLoaded = false
    await Promise.all(load)
  })

  test('is readable only for its owner, and is complete', () => {
    expect(statSync(sound).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(sound, '..'))).toEqual(['backup.db'])
  })

  test('is without the master key', () => {
    const bytes = readFileSync(sound)
    const { masterKey: key } = server.config
    for (const form of [key, key.toString('base64'), key.toString('base64url'), key.toString('hex')])
      expect(bytes.includes(form)).toBe(false)
  })

  test('restores everything elsewhere as it was', async () => {
    const database = newPath()
    expect(await restoreTo(database, sound)).toMatchObject({
      error: undefined,
      stdout: expect.stringMatching(/11 clients, restored from/),
    })
    const rows = new DatabaseSync(database, { readOnly: true })
    expect(rows.prepare("select chain from audit_event where type = 'database.restore'").all()).toEqual([
      { chain: CHANGES },
    ])
    rows.close()
    const fresh = await startTestServer()
    await fresh.stop()
    const config = { ...server.config, ...pick(fresh), storage: `sqlite:${database}` }
    const restored = await startServer(config, { log: createLogger('silent') })
    const at = `https://localhost:${restored.runtimePort}`
    expect(await keysOf(at)).toBe(before['keys'])
    expect(await isActive(at, before['good'] ?? '')).toBe(true)
    expect(await isActive(at, before['revoked'] ?? '')).toBe(false)
    expect((await post(at, 'token', ASK, 'reporter')).status).toBe(200)
    expect((await post(at, 'token', ASK, 'disabled')).status).toBe(401)
    expect(await isActive(server.issuer, await tokenFrom(at))).toBe(true)
    await restored.stop()
    const verified = await runCommand(environment(database), () => auditVerify({ json: true }))
    expect(verified.error, verified.stdout).toBeUndefined()
    // Both servers have chains of their own, and the second one has signed all.
    expect(JSON.parse(verified.stdout)).toMatchObject({ chains: 4, uncovered: 0 })
  })
})

/** Other ports. */
const pick = ({ config: { runtime, admin } }: TestServer) => ({ runtime, admin })

const tokenFrom = async (issuer: string): Promise<string> =>
  ((await (await post(issuer, 'token', ASK, 'reporter')).json()) as { access_token: string }).access_token

describe('a backup is refused', () => {
  test('if the file exists, which stays as it is', async () => {
    const to = newPath()
    writeFileSync(to, 'mine')
    expect((await backUp(to)).error).toBe(`${to} is there already: a backup replaces nothing`)
    expect(readFileSync(to, 'utf8')).toBe('mine')
  })

  const missing = '/nonexistent/tessera.db'
  test.each<[string, () => Promise<Ran>, RegExp]>([
    ['without a database', () => backUp(newPath(), `sqlite:${missing}`), /there is no such database/],
    ['without a folder', () => backUp('/nonexistent/b.db'), /b\.db can't be written: there is no such file or folder/],
    [
      'for PostgreSQL, with the command to use instead, and without its password',
      () => backUp('b.dump', 'postgres://tessera:s3cret@db.example.com/auth?sslmode=verify-full'),
      /pg_dump --format=custom --file=b\.dump 'postgres:\/\/tessera@db\.example\.com\/auth\?sslmode=verify-full'/,
    ],
  ])('%s', async (_name, run, message) => {
    const { error, stdout } = await run()
    expect(error).toMatch(message)
    expect(error).not.toContain('s3cret')
    expect(stdout).toBe('')
  })

  test('if the database is damaged, and leaves no file', async () => {
    const damaged = newPath()
    copyFileSync(sound, damaged)
    damage(damaged)
    const to = newPath('backup.db')
    expect((await backUp(to, `sqlite:${damaged}`)).error).toMatch(/malformed|damaged/)
    expect(readdirSync(join(to, '..'))).toEqual([])
  })
})

/** Overwrites pages in the middle, after the header and the schema. */
function damage(file: string): void {
  const bytes = readFileSync(file)
  bytes.fill(0xa5, 4096 * 4, 4096 * 8)
  writeFileSync(file, bytes)
}

describe('a restore is refused, and changes nothing,', () => {
  const brokenBy = (change: (file: string) => void) => () => {
    const file = newPath('broken.db')
    copyFileSync(sound, file)
    change(file)
    return file
  }
  test.each<[string, () => string, Record<string, string>, RegExp]>([
    ['without the file', () => '/nonexistent.db', {}, /there is no such file/],
    ['with damaged pages', brokenBy(damage), {}, /malformed|damaged/],
    ['if the file is truncated', brokenBy((file) => truncateSync(file, 4096 * 3)), {}, /malformed|damaged/],
    [
      'if the file is something else',
      brokenBy((file) => writeFileSync(file, 'a text\n'.repeat(999))),
      {},
      /not a database/,
    ],
    ['if the file is empty', brokenBy((file) => writeFileSync(file, '')), {}, /is not a database of Tessera/],
    ['if the file is of a newer program', brokenBy(addMigration), {}, /newer than this program.*9999-future/],
    [
      'under another master key',
      () => sound,
      { TESSERA_MASTER_KEY: randomBytes(32).toString('base64') },
      /encrypted under the master key/,
    ],
    ['without a master key', () => sound, { TESSERA_MASTER_KEY: '' }, /TESSERA_MASTER_KEY: must not be blank/],
    [
      'to PostgreSQL',
      () => sound,
      { TESSERA_STORAGE: 'postgres://t:s3cret@db/auth' },
      /pg_restore .* --dbname='postgres:\/\/t@db\/auth'/,
    ],
  ])('%s', async (_name, file, env, message) => {
    const database = newPath()
    const { error, stdout } = await restoreTo(database, file(), {}, env)
    expect(error).toMatch(message)
    expect(stdout).toBe('')
    expect(readdirSync(join(database, '..'))).toEqual([])
  })

  test('while a server runs on the database, even an idle one, and even with --replace', async () => {
    const path = server.config.storage.slice('sqlite:'.length)
    for (const replace of [false, true]) {
      expect((await restoreTo(path, sound, { replace })).error).toMatch(/is in use: stop every server/)
    }
    await newToken(server)
  })

  test('if the database has data', async () => {
    const database = newPath()
    expect((await restoreTo(database, sound)).error).toBeUndefined()
    const held = digest(database)
    expect((await restoreTo(database, sound)).error).toMatch(/has data: restore to another path, or give --replace/)
    expect(digest(database)).toBe(held)
  })
})

test('a restore warns of keys that are of no use, beside others that are', async () => {
  const file = newPath('partly.db')
  copyFileSync(sound, file)
  const change = new DatabaseSync(file)
  change.exec("update key set encrypted_private_key = x'00'")
  change.close()
  const { error, stderr } = await restoreTo(newPath(), file)
  expect(error).toBeUndefined()
  expect(stderr).toMatch(/^1 of its keys and secrets can't be used: see tessera keys repair\.$/m)
})

function addMigration(file: string): void {
  const database = new DatabaseSync(file)
  database.exec("insert into migration (name, timestamp) values ('9999-future', '')")
  database.close()
}

const isRoot = process.getuid?.() === 0

describe.skipIf(!isRoot)(`root, for the user of the server${isRoot ? '' : ' (skipped: not root)'}`, () => {
  const SERVER = 65_534
  const theirs = () => {
    const path = newPath()
    chownSync(dirname(path), SERVER, SERVER)
    return path
  }
  const ownersIn = (database: string) =>
    readdirSync(dirname(database)).map((name) => statSync(join(dirname(database), name)).uid)

  test('restores a database that the server can open, and replaces one', async () => {
    const database = theirs()
    for (const options of [{}, { replace: true }]) {
      expect((await restoreTo(database, sound, options)).error).toBeUndefined()
      expect(statSync(database)).toMatchObject({ uid: SERVER, gid: SERVER })
      expect(new Set(ownersIn(database))).toEqual(new Set([SERVER]))
    }
  })

  test('migrates and backs up into its folder', async () => {
    const database = theirs()
    expect(await tessera(['storage', 'migrate'], { env: environment(database) })).toMatchObject({ code: 0 })
    expect((await backUp(`${database}.backup`, `sqlite:${database}`)).error).toBeUndefined()
    expect(new Set(ownersIn(database))).toEqual(new Set([SERVER]))
  })
})

describe('--replace', () => {
  const listed = async (database: string) => (await runCommand(environment(database), () => clientsList({}))).stdout

  test('keeps the old database beside the new one', async () => {
    const database = newPath()
    await restoreTo(database, sound)
    const change = new DatabaseSync(database)
    change.exec("delete from client where client_id = 'reporter'")
    change.close()
    const { error, stderr } = await restoreTo(database, sound, { replace: true })
    expect(error).toBeUndefined()
    const [, kept = ''] = /is kept as (\S+)\./.exec(stderr) ?? []
    expect(kept).toMatch(/tessera\.db\.replaced-\d{8}T\d{6}Z$/)
    expect(statSync(database).mode & 0o777).toBe(0o600)
    expect(await listed(database)).toContain('reporter')
    expect(await listed(kept)).not.toContain('reporter')
  })

  test('treats an unreadable database as one with data', async () => {
    const database = newPath()
    writeFileSync(database, 'not SQLite, whatever it was')
    expect((await restoreTo(database, sound)).error).toMatch(/has data/)
    const { error, stderr } = await restoreTo(database, sound, { replace: true })
    expect(error).toBeUndefined()
    expect(stderr).toMatch(/is kept as/)
    expect(await listed(database)).toContain('reporter')
  })

  test('the leftover log of a removed database isn’t taken for the new one’s', async () => {
    const database = newPath()
    appendFileSync(`${database}-wal`, 'frames of another database')
    expect((await restoreTo(database, sound)).error).toBeUndefined()
    expect(existsSync(`${database}-wal`)).toBe(false)
    expect(readdirSync(join(database, '..')).some((name) => /replaced-.*-wal$/.test(name))).toBe(true)
    expect(await listed(database)).toContain('reporter')
  })
})
