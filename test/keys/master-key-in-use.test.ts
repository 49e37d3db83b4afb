import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeProtectedHeader } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { apply } from '../../src/cli/apply.ts'
import { auditRotateKey } from '../../src/cli/audit-proof.ts'
import { credentialsAdd, credentialsRevoke, credentialsRotate } from '../../src/cli/credentials.ts'
import { keysRevoke, keysRewrap, keysRollback, keysRotate } from '../../src/cli/keys.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import { claimsOf, formOf } from '../harness/assertions.ts'
import { environmentOf } from '../harness/cli.ts'
import { isActive, issue, post } from '../harness/client.ts'
import { runCommand } from '../harness/command.ts'
import { commands as cliCommands } from '../harness/command-arguments.ts'
import { newCandidate } from '../harness/keys.ts'
import { collectLog } from '../harness/log.ts'
import { contextOf } from '../harness/management.ts'
import { SECRET } from '../harness/model.ts'
import { makeOldDatabase } from '../harness/old-database.ts'
import { openRows } from '../harness/rows.ts'
import { type SecondServer, startBeside } from '../harness/second-server.ts'
import { applyTo, startTestServer, type TestServer, testConfig } from '../harness/server.ts'
import { signWith } from '../harness/tokens.ts'
import { until } from '../harness/until.ts'

const ES256 = { algorithm: 'ES256', yes: true } as const
const MODEL = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
clients:
  - { client_id: caller, scopes: [plain, sealed], introspects: all, credentials: [{ secret: ${SECRET} }] }
  - { client_id: signer, scopes: [plain], credentials: [{ label: s, retrievable: true, secret: ${SECRET} }] }
`

const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''
describe('the master key is changed node by node, as docs/operating/keys.md says:', () => {
  const [before, after] = [randomBytes(32), randomBytes(32)]
  let server: Awaited<ReturnType<typeof testConfig>>
  let first: SecondServer
  let second: SecondServer
  let previous: string
  beforeAll(async () => {
    server = await testConfig({ master_key: before.toString('base64') })
    await applyTo(server.config, MODEL)
    previous = join(server.folder, 'previous.key')
    writeFileSync(previous, before.toString('base64'), { mode: 0o600 })
    first = await startBeside(server)
    second = await startBeside(server)
  })
  afterAll(async () => {
    await first.stop()
    await second.stop()
    rmSync(server.folder, { recursive: true })
  })

  const oldOnly = () => environmentOf(server.config)
  const both = () => ({
    ...environmentOf(server.config, { TESSERA_MASTER_KEY: after.toString('base64') }),
    TESSERA_PREVIOUS_MASTER_KEY_FILE: previous,
  })
  const newOnly = () => environmentOf(server.config, { TESSERA_MASTER_KEY: after.toString('base64') })
  async function restart(node: SecondServer, changes: object): Promise<SecondServer> {
    await node.stop()
    return startBeside(server, changes)
  }

  /**
   * Requires that both nodes do everything with each other's keys and secrets, and that those of a command work at
   * both.
   */
  async function expectAllToWork(env: Record<string, string>): Promise<void> {
    const nodes = [first.url, second.url]
    for (const at of nodes) {
      for (const scope of ['plain', 'sealed']) {
        const token = await issue(at, scope)
        for (const other of nodes) expect(await isActive(other, token, 'caller')).toBe(true)
      }
      const claims = claimsOf(server.config.issuer, 'signer', Math.floor(Date.now() / 1000))
      const assertion = await signWith({ alg: 'HS256', privateKey: Buffer.from(SECRET) }, claims)
      expect((await post(at, 'token', formOf(assertion))).status).toBe(200)
    }
    const token = await issue(first.url, 'plain')
    expect((await runCommand(env, () => keysRotate({ ...ES256, now: true }))).error).toBeUndefined()
    for (const at of nodes) await until(async () => kidOf(await issue(at, 'plain')) !== kidOf(token))
    expect((await runCommand(env, () => keysRevoke(kidOf(token), ES256))).error).toBeUndefined()
    for (const at of nodes) await until(async () => !(await isActive(at, token, 'caller')))
    const added = await runCommand(env, () =>
      credentialsAdd('signer', { retrievable: true, json: true, secretsTo: 'stdout' }),
    )
    const { secret } = JSON.parse(added.stdout) as { secret: string }
    for (const at of nodes) {
      await until(async () => {
        const claims = claimsOf(server.config.issuer, 'signer', Math.floor(Date.now() / 1000))
        const assertion = await signWith({ alg: 'HS256', privateKey: Buffer.from(secret) }, claims)
        return (await post(at, 'token', formOf(assertion))).status === 200
      })
    }
    for (const node of [first, second]) expect((await fetch(`${node.admin}/readyz`)).status).toBe(200)
  }

  test('both nodes have the old one', async () => {
    await expectAllToWork(oldOnly())
  })

  test('one node has both, the other only the old one, and a command has either', async () => {
    first = await restart(first, { masterKey: after, previousMasterKey: before })
    await expectAllToWork(both())
    await expectAllToWork(oldOnly())
    expect((await runCommand(newOnly(), () => keysRotate(ES256))).error).toMatch(/is encrypted under the master key/)
  })

  test('all nodes have both; then the new one is put in use', async () => {
    second = await restart(second, { masterKey: after, previousMasterKey: before })
    await expectAllToWork(both())
    const rewrapped = await runCommand(both(), () => keysRewrap(ES256))
    expect(rewrapped).toMatchObject({ error: undefined, stdout: expect.stringContaining('every key and secret is') })
    await expectAllToWork(both())
    expect((await runCommand(oldOnly(), () => keysRotate(ES256))).error).toMatch(/is encrypted under the master key/)
    await expect(startBeside(server)).rejects.toThrow(/is encrypted under the master key/)
  })

  test('one node has only the new one, then all', async () => {
    first = await restart(first, { masterKey: after })
    await expectAllToWork(newOnly())
    second = await restart(second, { masterKey: after })
    await expectAllToWork(newOnly())
    const store = await openStore(server.config.storage, systemClock)
    const id = new MasterKey(after, systemRandom).id
    const { found, masterKeyId } = await store.keys.listKeys()
    expect(new Set([masterKeyId, ...found.map((key) => key.masterKeyId)])).toEqual(new Set([id]))
    const events = await store.audit.listEvents({ limit: 1_000_000 })
    expect(events.filter(({ type }) => type === 'master_key.change')).toMatchObject([
      { detail: { from: new MasterKey(before, systemRandom).id, to: id } },
    ])
    await store.close()
  })
})

describe('unreadable-record: with another master key', () => {
  let server: TestServer
  let kid: string
  beforeAll(async () => {
    server = await startTestServer({ manifest: MODEL })
    kid = kidOf(await issue(server.issuer, 'plain'))
    // Leaves a key for a rollback.
    const env = environmentOf(server.config)
    await runCommand(env, () => keysRotate({ ...ES256, now: true }))
    await until(async () => kidOf(await issue(server.issuer, 'plain')) !== kid)
  })
  afterAll(() => server.stop())

  const wrong = () => environmentOf(server.config, { TESSERA_MASTER_KEY: randomBytes(32).toString('base64') })
  /** All rows except marks and counts of requests. */
  function dump(): string {
    const rows = openRows(server.config)
    const tables = ['api', 'client', 'credential', 'key', 'master_key', 'audit_key', 'change', 'counter', 'revocation']
    const content = tables.map((table) => rows.all(`select * from "${table}"`))
    const events = rows.all("select * from audit_event where type <> 'token.issue'")
    rows.close()
    return JSON.stringify([content, events], (_, value) => (value instanceof Uint8Array ? [...value] : value))
  }
  const manifest = (secret: string) => {
    const file = join(server.folder, 'retrievable.yaml')
    writeFileSync(file, `clients: [{ client_id: newcomer, credentials: [{ retrievable: true${secret} }] }]`)
    return file
  }

  const commands: [string, () => Promise<void>][] = [
    ['keys rotate', () => keysRotate(ES256)],
    ['keys rotate --now', () => keysRotate({ ...ES256, now: true })],
    ['keys rotate for an algorithm without a key', () => keysRotate({ algorithm: 'EdDSA' })],
    ['keys rollback', () => keysRollback(ES256)],
    ['keys revoke of the active key', async () => keysRevoke(kidOf(await issue(server.issuer, 'plain')), ES256)],
    ['keys revoke of another key', () => keysRevoke(kid, ES256)],
    ['keys rewrap', () => keysRewrap(ES256)],
    ['audit rotate-key', () => auditRotateKey({})],
    ['credentials add --retrievable', () => credentialsAdd('signer', { retrievable: true })],
    ['credentials rotate of a retrievable one', () => credentialsRotate('signer', 's', { overlap: '7d' })],
    ['apply with a given secret', () => apply({ file: manifest(`, secret: ${SECRET}`) })],
    ['apply with a generated secret', () => apply({ file: manifest('') })],
  ]
  /** Commands that write without encrypting, or that are tested elsewhere. */
  const others = {
    'admin bootstrap': 'encrypts nothing',
    'admin reset': 'encrypts nothing',
    'apis delete': 'encrypts nothing',
    'clients create': 'encrypts as `credentials add` does',
    'clients delete': 'encrypts nothing',
    'clients disable': 'encrypts nothing',
    'clients enable': 'encrypts nothing',
    'credentials cancel': 'encrypts nothing',
    'credentials label': 'encrypts nothing',
    'credentials remove': 'encrypts nothing',
    'credentials revoke': 'encrypts nothing',
    dev: 'is a server',
    'dev jwks': 'opens the folder as `dev` does',
    'dev mint': 'opens the folder as `dev` does',
    'groups delete': 'encrypts nothing',
    'groups put': 'encrypts nothing',
    'keys repair': 'is tested in repair.test.ts',
    restore: 'is tested in test/cli/backup.test.ts',
    revoke: 'encrypts nothing',
    serve: 'is a server, which is tested below',
    'storage compact': 'encrypts nothing',
    'storage migrate': 'encrypts nothing',
  }
  test('the tables have each command that writes', () => {
    const writing = Object.entries(cliCommands).filter(
      ([, { database }]) => database === 'writes' || database === 'makes',
    )
    const isTested = (words: string) => commands.some(([name]) => name.startsWith(words))
    const untested = writing.map(([words]) => words.replace(/ --.*/, '')).filter((words) => !isTested(words))
    expect([...new Set(untested)].toSorted()).toEqual(Object.keys(others))
  })

  test.each(commands)('%s is refused, and writes nothing', async (_name, command) => {
    const before = dump()
    const { error, stdout } = await runCommand(wrong(), command)
    expect(error).toMatch(
      /^the database is encrypted under the master key [0-9a-f]{12}; the one given is [0-9a-f]{12}:/,
    )
    expect(stdout).toBe('')
    expect(dump()).toBe(before)
  })

  test('commands that encrypt nothing work', async () => {
    const file = join(server.folder, 'plain.yaml')
    writeFileSync(file, `clients: [{ client_id: plain, credentials: [{ label: a }] }]`)
    expect((await runCommand(wrong(), () => apply({ file, secretsTo: 'stdout' }))).error).toBeUndefined()
    expect((await runCommand(wrong(), () => credentialsAdd('signer', { secretsTo: 'stdout' }))).error).toBeUndefined()
    expect((await runCommand(wrong(), () => credentialsRevoke('signer', 's', { yes: true }))).error).toBeUndefined()
  })

  test('a server doesn’t start, and a running one reports once that it can’t make a key', async () => {
    await expect(
      startServer({ ...server.config, masterKey: randomBytes(32) }, { log: createLogger('silent') }),
    ).rejects.toThrow(/is encrypted under the master key/)
    const { log, lines } = collectLog()
    const beside = await startBeside(server, { log })
    const rows = openRows(server.config)
    rows.run("update master_key set master_key_id = '0123456789ab'")
    onTestFinished(async () => {
      rows.run('update master_key set master_key_id = (select master_key_id from key limit 1)')
      rows.close()
      await beside.stop()
    })
    rows.run("update key set active_at = 1 where state = 'active' and algorithm = 'ES256'")
    rows.announce('key', 'all')
    await until(async () => lines.some(({ msg }) => String(msg).startsWith('keys could not be rotated')))
    const count = rows.all('select count(*) as n from key')
    for (let n = 0; n < 4; n += 1) await issue(beside.url, 'plain')
    expect(lines.filter(({ msg }) => String(msg).startsWith('keys could not be rotated'))).toHaveLength(1)
    expect(rows.all('select count(*) as n from key')).toEqual(count)
  })
})

describe('the first master key', () => {
  let location: string
  let folder: string
  beforeEach(async () => {
    const made = await testConfig()
    folder = made.folder
    location = made.config.storage
    await applyTo(made.config, MODEL.slice(0, MODEL.indexOf('  - { client_id: signer')))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('only one of several wins that encrypt at once in an empty database', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(location, systemClock)))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, async (_, index) => {
        const store = stores[index % stores.length]
        const masterKey = new MasterKey(Buffer.alloc(32, index + 1), systemRandom)
        if (index % 2 === 0) {
          const candidate = await newCandidate('ES256', masterKey)
          const key = { ...candidate, state: 'active', createdAt: 1, activeAt: 1, goneAt: undefined } as const
          await store?.keys.updateKeys(() => ({ add: [key], put: [] }))
        } else {
          const { addCredential } = await import('../../src/management/credentials/add.ts')
          if (store === undefined) throw new Error('there is no store')
          const proof = { kind: 'secret', secret: undefined, isRetrievable: true } as const
          const spec = { proof, label: `secret ${index}`, expiresAt: undefined }
          const encrypt = async (plaintext: Buffer, context: string) => masterKey.encrypt(plaintext, context, undefined)
          const context = { ...contextOf(store, systemClock, masterKey), encrypt }
          await addCredential(context, { client: ClientId('caller'), spec, show: () => {} })
        }
        return masterKey.id
      }),
    )
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(won).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(String(outcome.reason)).toMatch(/is encrypted under the master key/)
    const [store] = stores
    const { found, masterKeyId } = (await store?.keys.listKeys()) ?? { found: [], masterKeyId: undefined }
    const { found: secrets = [] } = (await store?.credentials.listRetrievable()) ?? {}
    expect(masterKeyId).toBe(won[0])
    expect([
      ...found.map((key) => key.masterKeyId),
      ...secrets.map(({ credential }) => credential.retrievable?.masterKeyId),
    ]).toEqual(won)
    for (const each of stores) await each.close()
  })

  test.each([
    ['in a missing database', false],
    ['in a database without encrypted data', true],
  ])('of servers that start at once with different ones %s, one serves', async (_name, isThere) => {
    const made = await Promise.all([1, 2, 3].map(() => testConfig()))
    const storage = isThere ? location : `sqlite:${join(folder, 'new.db')}`
    onTestFinished(() => {
      for (const each of made) rmSync(each.folder, { recursive: true })
    })
    const starting = made.map(({ config }) => startServer({ ...config, storage }, { log: createLogger('silent') }))
    const outcomes = await Promise.allSettled(starting)
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value.stop()
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(String(outcome.reason)).toMatch(/is encrypted under the master key/)
  })

  const MINE = '111111111111'
  const STRAY = '222222222222'
  const key = (kid: string, state: string, masterKeyId: string, createdAt: number) =>
    `insert into key (kid, algorithm, state, encrypted_private_key, master_key_id, created_at, active_at)
    values ('${kid}', 'ES256', '${state}', x'00', '${masterKeyId}', ${createdAt}, 0)`
  const secret = (id: string, masterKeyId: string) =>
    `insert into credential (id, client_id, kind, label, hint, data, encrypted_secret, master_key_id, origin, created_at)
    values ('${id}', 'caller', 'secret', '${id}', '', '{}', x'00', '${masterKeyId}', 'command', 0)`
  /** The rows of a database of the previous version, and its master key in use after the migration. */
  const olds: [string, readonly string[], string | undefined][] = [
    ['nothing encrypted', [], undefined],
    ['one key', [key('a', 'active', MINE, 5)], MINE],
    ['a pending key of a command with another one', [key('b', 'pending', STRAY, 9), key('a', 'active', MINE, 5)], MINE],
    ['such a key, meanwhile active', [key('b', 'active', STRAY, 9), key('a', 'retiring', MINE, 5)], MINE],
    ['a secret, and no key', [secret('s', MINE)], MINE],
    ['a secret of a command with another one', [secret('s', STRAY), key('a', 'active', MINE, 5)], MINE],
  ]
  test.each(olds)('is found in a database of the previous version, with %s', async (_name, statements, inUse) => {
    const old = `sqlite:${join(folder, 'old.db')}`
    await makeOldDatabase(old, '0008-ended-and-sample')
    const rows = openRows({ storage: old })
    for (const statement of statements) rows.run(statement)
    const store = await openStore(old, systemClock)
    expect(await store.keys.masterKeyInUse()).toBe(inUse)
    await store.close()
    rows.close()
  })
})
