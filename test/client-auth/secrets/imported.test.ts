import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { managementContext } from '../../../src/cli/database.ts'
import { addCredential } from '../../../src/management/credentials/add.ts'
import { revokeCredential } from '../../../src/management/credentials/revoke.ts'
import { rotateCredential } from '../../../src/management/credentials/rotate.ts'
import type { SecretCredential } from '../../../src/model/credentials/credential.ts'
import { readImportedHash } from '../../../src/model/credentials/imported-hash.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/tables/sql-store.ts'
import { administrator, callsAs } from '../../harness/admin.ts'
import { bcryptHash, pbkdf2Hash } from '../../harness/imported.ts'
import { oneApi } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { unheld } from '../../harness/unheld.ts'
import { until } from '../../harness/until.ts'

const SECRET = 'hydra-secret-of-a-payment-service'
const GRANT = { grant_type: 'client_credentials' }
const hashed = (id: string, hash: string, more = '') =>
  `  - { client_id: ${id}, scopes: [edit], credentials: [{ label: old, secret_hash: "${hash}"${more} }] }`
const PBKDF2 = pbkdf2Hash(SECRET, { iterations: 25_000 })
const manifest = `
${oneApi('edit')}
clients:
${hashed('sha256', PBKDF2)}
${hashed('sha512', pbkdf2Hash(SECRET, { prf: 'sha512', length: 64 }))}
${hashed('bcrypt', bcryptHash(SECRET, '2a'))}
${hashed('guessed', bcryptHash(SECRET))}
${hashed('away', PBKDF2)}
${hashed('ended', PBKDF2, ', expires: 2020-01-01T00:00:00Z')}
${hashed('revoked', PBKDF2)}
  - client_id: overlap
    scopes: [edit]
    credentials: [{ label: new, secret: a chosen one }, { label: old, secret_hash: "${PBKDF2}" }]
${administrator('root', ['clients:read', 'credentials:rotate', 'credentials:write'])}
`

/** While set, no hash is replaced, as when the database is away or may only be read. */
let isAway = false
const open = async (...given: Parameters<typeof openStore>): Promise<Store> => {
  const store = await openStore(...given)
  const replace = store.credentials.replaceHash.bind(store.credentials)
  store.credentials.replaceHash = (...args) =>
    isAway ? Promise.reject(new Error('the database is away')) : replace(...args)
  return store
}

let server: TestServer
let store: Store
beforeAll(async () => {
  server = await startTestServer({ manifest, open, holds: unheld })
  store = await openStore(server.config.storage, systemClock, server.config.storageAccess)
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

const ask = async (id: string, secret = SECRET): Promise<number> =>
  (await server.token(GRANT, basic(id, secret))).status
const secretsOf = async (id: string): Promise<readonly SecretCredential[]> =>
  (await store.directory.loadClient(ClientId(id)))?.credentials.secrets ?? []
const oldOf = async (id: string): Promise<SecretCredential> => {
  const found = (await secretsOf(id)).find(({ label }) => label === 'old')
  if (found === undefined) throw new Error('the credential is gone')
  return found
}
const replaced = (id: string) => until(async () => (await oldOf(id)).hash.kind === 'scrypt')

describe.each(['sha256', 'sha512', 'bcrypt'])('an imported hash, %s', (id) => {
  test('keeps its secret working, and is replaced by our own at first use', async () => {
    const before = await oldOf(id)
    expect(await ask(id, 'wrong')).toBe(401)
    expect((await oldOf(id)).hash).toEqual(before.hash)
    expect(await ask(id)).toBe(200)
    await replaced(id)
    const { hash, imported, ...after } = await oldOf(id)
    const { hash: _, ...kept } = before
    expect(after).toEqual(kept)
    expect(hash.kind).toBe('scrypt')
    expect(imported).toMatch(/^[\w-]{43}$/)
    expect(await ask(id)).toBe(200)
    expect(await ask(id, 'wrong again')).toBe(401)
    const events = await store.audit.listEvents({ limit: 100, clientId: ClientId(id) })
    const event = events.find(({ type }) => type === 'credential.change')
    expect(event).toMatchObject({
      actor: { kind: 'system' },
      detail: { credential: before.id, label: 'old', replaced_hash: before.hash.kind },
      changes: { things: [{ id: before.id, before: { hash: before.hash.kind }, after: { hash: 'scrypt' } }] },
    })
  })

  test('does not come back when the manifest is applied again', async () => {
    const present = await oldOf(id)
    expect(present.hash.kind).toBe('scrypt')
    const { steps } = await server.apply(manifest)
    expect(steps.map(({ action }) => action)).toEqual(steps.map(() => 'unchanged'))
    expect(await oldOf(id)).toEqual(present)
  })
})

test('the new hash shares the salt of the client’s other secrets', async () => {
  expect(await ask('overlap')).toBe(200)
  await replaced('overlap')
  const salts = (await secretsOf('overlap')).map(
    ({ hash }) => hash.kind === 'scrypt' && hash.parameters.salt.toString(),
  )
  expect(new Set(salts).size).toBe(1)
  expect(await ask('overlap', 'a chosen one')).toBe(200)
  expect(await ask('overlap')).toBe(200)
})

test('the audit log has no part of the hash', async () => {
  const events = JSON.stringify(await store.audit.listEvents({ limit: 1_000 }))
  expect(events).toContain('sha256')
  for (const part of PBKDF2.split('$').slice(-2)) expect(events).not.toContain(part)
})

test('the log-in succeeds while the hash can’t be replaced, and it is replaced later', async () => {
  isAway = true
  try {
    expect(await ask('away')).toBe(200)
    expect(await ask('away')).toBe(200)
    expect((await oldOf('away')).hash.kind).toBe('pbkdf2')
  } finally {
    isAway = false
  }
  await replaced('away')
})

test('an ended credential is refused, whatever its hash is', async () => {
  expect(await ask('ended')).toBe(401)
})

test('guesses at it count like any others', async () => {
  const answers: number[] = []
  for (let guess = 0; guess < 40 && !answers.includes(429); guess += 1)
    answers.push(await ask('guessed', `guess ${guess}`))
  const unknown: number[] = []
  for (let guess = 0; guess < 40 && !unknown.includes(429); guess += 1)
    unknown.push(await ask('nobody', `guess ${guess}`))
  expect(answers).toEqual(unknown)
}, 120_000)

test('a manifest can turn an imported hash into its secret and back, and keeps the credential', async () => {
  const one = (credential: string) =>
    `${oneApi('edit')}\nclients: [{ client_id: turned, scopes: [edit], credentials: [{ label: old, ${credential} }] }]`
  await server.apply(one(`secret_hash: "${PBKDF2}"`))
  const { id } = await oldOf('turned')
  await server.apply(one(`secret: ${SECRET}`))
  expect((await oldOf('turned')).id).toBe(id)
  expect(await ask('turned')).toBe(200)
  await replaced('turned')
  await server.apply(one(`secret_hash: "${PBKDF2}"`))
  expect((await oldOf('turned')).id).toBe(id)
  await server.apply(one(`secret_hash: "${bcryptHash('another')}"`))
  expect((await oldOf('turned')).id).not.toBe(id)
  await until(async () => (await ask('turned', 'another')) === 200)
})

test('a revoked credential stays revoked, also under another label', async () => {
  expect(await ask('revoked')).toBe(200)
  await replaced('revoked')
  const context = managementContext({ options: server.config, store })
  const { revokedAt } = await revokeCredential(context, { client: ClientId('revoked'), name: 'old' })
  await server.apply(`${oneApi('edit')}\nclients:\n${hashed('revoked', PBKDF2).replace('label: old', 'label: other')}`)
  expect((await secretsOf('revoked')).map((one) => one.revokedAt)).toEqual([revokedAt])
})

test('a client has at most two imported hashes, by whichever way they come', async () => {
  await server.apply(`${oneApi('edit')}\nclients:\n${hashed('many', PBKDF2)}`)
  const context = managementContext({ options: server.config, store })
  const { hash } = readImportedHash(bcryptHash('another'))
  if (hash === undefined) throw new Error('the hash is not read')
  const spec = { proof: { kind: 'imported', hash }, label: undefined, expiresAt: undefined } as const
  const client = ClientId('many')
  await addCredential(context, { client, spec, show: () => {} })
  const most = /at most 2 credentials with a secret_hash/
  await expect(addCredential(context, { client, spec, show: () => {} })).rejects.toThrow(most)
  const rotation = { client, name: 'old', spec, overlap: 0, show: () => {} }
  await expect(rotateCredential(context, rotation)).rejects.toThrow(most)
  const more = `, { label: more, secret_hash: "${bcryptHash('a third')}" }] }`
  const wrong = `${oneApi('edit')}\nclients:\n${hashed('many', PBKDF2).replace(/\] \}$/, more)}`
  await expect(server.apply(wrong)).rejects.toThrow(/clients\[0\]\.credentials: a client may have at most 2/)
  expect(await secretsOf('many')).toHaveLength(2)
})

test('the successor of a credential may have an imported hash', async () => {
  const admin = await callsAs(server, 'root')
  const body = { overlap: 0, successor: { label: 'next', secret_hash: bcryptHash('the next one') } }
  const made = await admin('POST', '/clients/sha512/credentials/old/rotate', { body })
  expect(made.status).toBe(201)
  expect(made.body).not.toHaveProperty('secret')
  await until(async () => (await ask('sha512', 'the next one')) === 200)
})

describe('a manifest is refused', () => {
  const refused: [name: string, credentials: string, message: RegExp][] = [
    [
      'with a malformed hash',
      `{ secret_hash: "$2b$oops" }`,
      /test.yaml:3:\d+: .*secret_hash: must be a hash of PBKDF2/,
    ],
    ['with a costly hash', `{ secret_hash: "${PBKDF2.replace('25000', '2500000')}" }`, /more than one scrypt of ours/],
    ['with a hash and a secret', `{ secret_hash: "${PBKDF2}", secret: x }`, /give secret or secret_hash, not both/],
    ['with a retrievable hash', `{ secret_hash: "${PBKDF2}", retrievable: true }`, /is for secrets only/],
    [
      'with three hashes',
      [1, 2, 3].map((label) => `{ label: "${label}", secret_hash: "${PBKDF2}" }`).join(', '),
      /at most 2 with a secret_hash/,
    ],
  ]
  test.each(refused)('%s', async (_name, credentials, message) => {
    const wrong = `${oneApi('edit')}\nclients:\n  - { client_id: wrong, credentials: [${credentials}] }`
    await expect(server.apply(wrong)).rejects.toThrow(message)
    await expect(server.apply(wrong)).rejects.not.toThrow(PBKDF2.slice(-20))
  })
})
