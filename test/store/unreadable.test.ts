import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { auditTail } from '../../src/cli/audit.ts'
import { clientsList } from '../../src/cli/clients.ts'
import { credentialsList } from '../../src/cli/credentials.ts'
import { keysList } from '../../src/cli/keys.ts'
import type { Config } from '../../src/config/resolve.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import type { KeyAlgorithm } from '../../src/keys/algorithms.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import type { StoredKey } from '../../src/keys/store.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { Revocations } from '../../src/tokens/revocation/revocations.ts'
import type { VerifiedToken } from '../../src/tokens/verify.ts'
import { runCommand } from '../harness/command.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { newCandidate } from '../harness/keys.ts'
import { SECRET } from '../harness/model.ts'
import { applyTo, testConfig } from '../harness/server.ts'

const jwks = JSON.stringify({
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
})
const EXPIRES = new Date(systemClock.now() + 24 * 3600 * 1000).toISOString()
const credentials = `credentials:
      - { label: secret, secret: ${SECRET}, expires: ${EXPIRES} }
      - { label: readable, secret: ${SECRET}, retrievable: true }
      - { label: keys, jwks: ${jwks} }
      - { label: certificate, certificate: { san_dns: a.example.com } }
      - { label: outside, federated: { issuer: "https://ci.example.com", audience: a, subject: s } }`
const MODEL = `
apis:
  - { audience: "https://broken.example.com", scopes: [{ name: broken }] }
  - { audience: "https://other.example.com", scopes: [{ name: other }] }
clients:
  - client_id: broken
    scopes: [broken, other]
    ${credentials}
  - client_id: other
    scopes: [broken, other]
    ${credentials}
`

/** Values that a person, a later program or a broken disk may leave in a column. */
const GARBAGE: readonly SQLInputValue[] = [
  '{',
  'null',
  '7',
  '[]',
  '{}',
  '"x"',
  '[null]',
  '{"a":{"b":[]}}',
  '',
  'x',
  -1,
  2.5,
  9e15,
  new Uint8Array([0xff, 0]),
]

let path: string
let folder: string
let config: Config
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-unreadable-'))
  path = join(folder, 'tessera.db')
  const made = await testConfig({ storage: emptyDatabase(path) })
  config = made.config
  await applyTo(config, MODEL)
  rmSync(made.folder, { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The columns of a table that may hold anything: all except those that identify the row. */
function columnsOf(db: DatabaseSync, table: string, names: readonly string[]): readonly string[] {
  const columns = db.prepare(`pragma table_info("${table}")`).all()
  return columns.map(({ name }) => String(name)).filter((name) => ![...names, 'tenant'].includes(name))
}

/** Puts each garbage value into each column of one row in turn, and calls `look` each time. */
async function garbleEach(
  table: string,
  where: string,
  names: readonly string[],
  look: (store: Store) => Promise<boolean>,
): Promise<number> {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  db.exec('pragma synchronous = off')
  const store = await openStore(`sqlite:${path}`, systemClock)
  let unreadable = 0
  for (const column of columnsOf(db, table, names)) {
    const before = db.prepare(`select "${column}" as value from "${table}" where ${where}`).get()?.['value'] ?? null
    const put = db.prepare(`update "${table}" set "${column}" = ? where ${where}`)
    for (const garbage of GARBAGE) {
      put.run(garbage)
      const isUnreadable = await look(store).catch((error: unknown) => {
        throw new Error(`${column} = ${String(garbage)}`, { cause: error })
      })
      unreadable += Number(isUnreadable)
    }
    put.run(before)
    expect(await look(store), `${column} as it was`).toBe(false)
  }
  await store.close()
  db.close()
  return unreadable
}

const OTHER = ClientId('other')

/** Requires that the untouched rows are fine. */
async function expectOthers(store: Store): Promise<void> {
  const other = await store.directory.loadClient(OTHER)
  expect(other).toMatchObject({ id: 'other', credentials: { all: { length: 5 }, unreadable: [] } })
  const { found } = await store.directory.loadApis()
  expect(found.map(({ audience }) => audience)).toContain('https://other.example.com')
  const listed = await store.model.listClients('', 10)
  expect(listed.find(({ id }) => id === OTHER)).toEqual(other)
  expect((await store.credentials.listCredentials(OTHER))?.found).toHaveLength(5)
  const now = systemClock.now()
  const expiring = await store.credentials.listExpiring(now, now + 9e9, 10)
  expect(expiring.found.map(({ clientId }) => clientId)).toContain(OTHER)
  expect((await store.credentials.listRetrievable()).found.length).toBeGreaterThan(0)
  const { clients } = await store.model.snapshot([ClientId('broken'), OTHER])
  expect(clients.get(OTHER)).toEqual(other)
}

describe('unreadable-record: garbage in a column makes only its row unreadable:', () => {
  test('an API', async () => {
    const names = ['audience']
    const unreadable = await garbleEach('api', "audience = 'https://broken.example.com'", names, async (store) => {
      await expectOthers(store)
      const { found, unreadable } = await store.directory.loadApis()
      expect(found.length + unreadable.length).toBe(2)
      for (const { id, problem } of unreadable) {
        expect(id).toBe('https://broken.example.com')
        expect(problem).toMatch(/^(name|owner|scopes|token|require|manifest) is not (JSON|what it should be)$/)
      }
      expect((await store.model.snapshot([])).unreadableApis).toEqual(unreadable)
      return unreadable.length > 0
    })
    expect(unreadable).toBeGreaterThan(20)
  })

  test('a client', async () => {
    const unreadable = await garbleEach('client', "client_id = 'broken'", ['client_id'], async (store) => {
      await expectOthers(store)
      const broken = await store.directory.loadClient(ClientId('broken'))
      if (broken === undefined) throw new Error('it is gone')
      // Its credentials stay.
      expect(broken.credentials.all).toHaveLength(5)
      const [listed] = await store.model.listClients('', 1)
      expect(listed).toEqual(broken)
      return 'problem' in broken
    })
    expect(unreadable).toBeGreaterThan(60)
  })

  test.each(['secret', 'readable', 'keys', 'certificate', 'outside'])('a credential: %s', async (label) => {
    const where = `client_id = 'broken' and label = '${label}'`
    // The row is reported under its client and its id.
    const unreadable = await garbleEach('credential', where, ['id', 'client_id', 'label'], async (store) => {
      await expectOthers(store)
      const broken = await store.directory.loadClient(ClientId('broken'))
      const { all = [], unreadable = [] } = broken?.credentials ?? {}
      expect(broken).not.toHaveProperty('problem')
      expect(all.length + unreadable.length).toBe(5)
      for (const credential of unreadable) expect(credential).toMatchObject({ kind: 'credential', label })
      expect((await store.credentials.listCredentials(ClientId('broken')))?.unreadable).toEqual(unreadable)
      return unreadable.length > 0
    })
    expect(unreadable).toBeGreaterThan(20)
  })

  test.each(['ES256', 'A256GCM'] as const)('a key: %s', async (algorithm) => {
    const masterKey = new MasterKey(config.masterKey, systemRandom)
    const [broken, other] = [await makeKey(algorithm, masterKey), await makeKey(algorithm, masterKey)]
    const store = await openStore(`sqlite:${path}`, systemClock)
    await store.keys.updateKeys(() => ({ add: [{ ...broken, state: 'retiring' }, other], put: [] }))
    await store.close()
    const useless = await garbleEach('key', `kid = '${broken.kid}'`, ['kid'], async (opened) => {
      await expectOthers(opened)
      const { found, unreadable } = await opened.keys.listKeys()
      expect([...found.map(({ kid }) => kid), ...unreadable.map(({ id }) => id)]).toContain(broken.kid)
      const keyring = await Keyring.open(opened.keys, masterKey)
      // The other key signs or seals, whatever algorithm this one claims. With another algorithm, this one may be
      // published, too.
      if (algorithm === 'ES256') expect((await keyring.signer('ES256')).kid).toBe(other.kid)
      else expect((await keyring.sealingKey()).kid).toBe(other.kid)
      if (algorithm === 'ES256') expect(keyring.published.body).toContain(other.kid)
      expect(keyring.isLive(other.kid)).toBe(true)
      return keyring.problems.length > 0
    })
    expect(useless).toBeGreaterThan(30)
  })

  test('a revocation: others are honoured, and this one revokes too much rather than too little', async () => {
    const store = await openStore(`sqlite:${path}`, systemClock)
    const now = systemClock.now()
    // Revokes everything issued up to a second from now.
    const until = { issuedBefore: now + 1_000, expiresAt: now + 1_000_000 }
    await store.revocations.addRevocations([
      { kind: 'client', id: ClientId('broken'), ...until },
      { kind: 'client', id: OTHER, ...until },
    ])
    await store.close()
    const tokenOf = (client: string) =>
      ({
        claims: { jti: uuidv7(systemClock, systemRandom), client_id: client, aud: 'https://api', iat: 0 },
        kid: 'k',
      }) as unknown as VerifiedToken
    const [ofBroken, ofOther] = [tokenOf('broken'), tokenOf('other')]
    await garbleEach('revocation', "id = 'broken'", ['seq', 'id'], async (opened) => {
      const unreadable: unknown[] = []
      const onUnreadable = (record: { readonly id: string; readonly problem: string }) => unreadable.push(record)
      const revocations = await Revocations.open(opened.revocations, systemClock, { onUnreadable })
      expect(await revocations.isRevoked(ofOther)).toBe(true)
      const row = (await opened.revocations.revocationsAfter(0, 10)).found.find(({ id }) => id === 'broken')
      // A time in the past is readable.
      const isOver = row !== undefined && row.expiresAt <= now
      const isEarlier = row !== undefined && 'issuedBefore' in row && row.issuedBefore < until.issuedBefore
      const isOfAnotherKind = row !== undefined && row.kind !== 'client'
      if (unreadable.length === 0 && !isOver && !isEarlier && !isOfAnotherKind)
        expect(await revocations.isRevoked(ofBroken)).toBe(true)
      return unreadable.length > 0
    })
  })

  test('the longest lifetime: the maximum that is allowed takes its place', async () => {
    const db = new DatabaseSync(path)
    const store = await openStore(`sqlite:${path}`, systemClock)
    await store.revocations.noteLifetime(5_000)
    for (const garbage of ['{', 'null', -1, new Uint8Array([1])]) {
      db.prepare('update longest_lifetime set milliseconds = ?').run(garbage)
      expect(await store.revocations.longestLifetime()).toBe(365 * 24 * 3600 * 1000)
    }
    await store.close()
    db.close()
  })

  test('a change: a process that can’t read it reloads everything', async () => {
    const db = new DatabaseSync(path)
    const store = await openStore(`sqlite:${path}`, systemClock)
    const [last] = db.prepare('select max(seq) as seq from change').all()
    for (const garbage of GARBAGE) {
      db.prepare('update change set kind = ? where seq = ?').run(garbage, Number(last?.['seq']))
      const { missed, latest } = await store.changes.changesSince(Number(last?.['seq']) - 1)
      expect({ missed, latest }).toEqual({ missed: true, latest: last?.['seq'] })
    }
    await store.close()
    db.close()
  })
})

describe('whatever one column of one row holds, a command that lists goes on:', () => {
  const listings: [string, string, readonly string[], () => Promise<void>][] = [
    ['key', "algorithm = 'ES256'", ['kid'], () => keysList({ algorithm: 'ES256' })],
    ['key_consumer', "address = '::1'", ['address'], () => keysList({ algorithm: 'ES256', json: true })],
    [
      'credential',
      "client_id = 'broken' and label = 'secret'",
      ['id', 'client_id'],
      () => credentialsList('broken', {}),
    ],
    ['client', "client_id = 'broken'", ['client_id'], () => clientsList({ json: true })],
    ['audit_event', 'seq = 1', ['seq'], () => auditTail({ lines: '10' })],
    ['audit_event', 'seq = 1', ['seq'], () => auditTail({ lines: '10', json: true })],
  ]
  test.each(listings)('%s', async (table, where, names, command) => {
    const store = await openStore(`sqlite:${path}`, systemClock)
    const key = await makeKey('ES256', new MasterKey(config.masterKey, systemRandom))
    await store.keys.updateKeys(() => ({ add: [key], put: [] }))
    const now = systemClock.now()
    await store.keys.addFetches([{ address: '::1', userAgent: 'x', firstSeen: now, lastSeen: now, fetches: 1 }])
    await store.close()
    const env = { TESSERA_STORAGE: `sqlite:${path}`, TESSERA_MASTER_KEY: config.masterKey.toString('base64') }
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
    db.exec('pragma synchronous = off')
    for (const column of columnsOf(db, table, names)) {
      const before = db.prepare(`select "${column}" as value from "${table}" where ${where}`).get()?.['value'] ?? null
      for (const garbage of ['{', 'null', 9e15, -1, new Uint8Array([0xff, 0])]) {
        db.prepare(`update "${table}" set "${column}" = ? where ${where}`).run(garbage)
        const { error, stdout } = await runCommand(env, command)
        expect({ error, column, garbage }).toEqual({ error: undefined, column, garbage })
        expect(stdout).not.toBe('')
      }
      db.prepare(`update "${table}" set "${column}" = ? where ${where}`).run(before)
    }
    db.close()
  })
})

async function makeKey(algorithm: KeyAlgorithm, masterKey: MasterKey): Promise<StoredKey> {
  const candidate = await newCandidate(algorithm, masterKey)
  return { ...candidate, state: 'active', createdAt: 1, activeAt: 1, goneAt: undefined }
}
