import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { credentialsAdd, credentialsRotate } from '../../../src/cli/credentials.ts'
import { managementContext } from '../../../src/cli/database.ts'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { recordedBy } from '../../../src/management/context.ts'
import { addCredential } from '../../../src/management/credentials/add.ts'
import { NEW_SECRET } from '../../../src/management/credentials/make.ts'
import type { Credential } from '../../../src/model/credentials/credential.ts'
import { ClientId, CredentialId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../../src/platform/random.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/tables/sql-store.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { runCommand } from '../../harness/command.ts'
import { newSecret, oneApi } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { newJwk } from '../../harness/source.ts'

/** The bound: docs/reference/limits.md. */
const MOST = 100
const REFUSED = 'a client may have at most 100 valid credentials'
const LAST = newSecret()

const some = (count: number, prefix = '', more = '') =>
  Array.from({ length: count }, (_, at) => `{ label: "${prefix}${at}"${more} }`).join(', ')
const client = (id: string, credentials: string, more = '') =>
  `  - { client_id: ${id}, owner: ours, scopes: [edit], credentials: [${credentials}]${more} }`
const full = `${some(MOST - 1)}, { label: last, secret: ${LAST} }`
/** Clients that a person of the team fills in several ways. */
const FULL = ['full', 'rotated', 'commanded', 'planned'] as const
const MANIFEST = `
${oneApi('edit')}
clients:
${FULL.map((id) => client(id, full)).join('\n')}
${client('ended', `${some(50, 'old ', ', expires: 2020-01-01T00:00:00Z')}, ${full}`)}
${client('raced', some(MOST - 1))}
${client('bare', '')}
${administrator('root', permissionNames)}${administrator('member', ['groups:act'])}
`

let server: TestServer
let store: Store
let env: Record<string, string>
let root: CallAdmin
/** Somebody with no right but those over the clients of one team. */
let member: CallAdmin
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST })
  store = await openStore(server.config.storage, systemClock)
  env = {
    TESSERA_STORAGE: server.config.storage,
    TESSERA_MASTER_KEY: server.config.masterKey.toString('base64'),
  }
  root = await callsAs(server, 'root')
  const members = [{ kind: 'client', id: 'member', permissions: ['view', 'edit', 'rotate', 'grant'] }]
  expect((await root('PUT', '/groups/ours', { body: { members } })).status).toBe(201)
  member = await callsAs(server, 'member')
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

const validOf = async (id: string): Promise<readonly string[]> => {
  const { body } = await root('GET', `/clients/${id}/credentials`)
  const items: readonly { id: string; status: string }[] = body.items
  return items.filter(({ status }) => status === 'active' || status === 'replaced').map((one) => one.id)
}
const asks = async (id: string) =>
  (await server.token({ grant_type: 'client_credentials', scope: 'edit' }, basic(id, LAST))).status

describe('growing-credentials: a client with the most valid credentials', () => {
  test('gets no other by the admin API, until one ends', async () => {
    expect(await validOf('full')).toHaveLength(MOST)
    for (const body of [
      {},
      { secret: 'a chosen secret' },
      { certificate: { san_dns: 'job.example.com' } },
      { federated: { issuer: 'https://ci.example.com', audience: 'x', subject: 'x' } },
    ]) {
      const refused = await member('POST', '/clients/full/credentials', { body })
      expect(refused).toMatchObject({ status: 409, body: { type: '/api/v1/problems/conflict' } })
      expect(refused.body.detail).toMatch(`${REFUSED}: revoke or remove one`)
    }
    expect(await asks('full')).toBe(200)
    expect((await member('POST', '/clients/full/credentials/3/revoke')).status).toBe(200)
    expect((await member('POST', '/clients/full/credentials', { body: {} })).status).toBe(201)
    expect((await member('POST', '/clients/full/credentials', { body: {} })).status).toBe(409)
    expect(await validOf('full')).toHaveLength(MOST)
  })

  test('can be rotated only without an overlap', async () => {
    const path = '/clients/rotated/credentials/last/rotate'
    expect((await member('POST', path, { body: { overlap: 60 } })).body.detail).toMatch(REFUSED)
    expect((await member('POST', path, { body: { overlap: 0 } })).status).toBe(201)
    expect(await validOf('rotated')).toHaveLength(MOST)
  })

  test('gets no other by a command', async () => {
    const added = await runCommand(env, () => credentialsAdd('commanded', { json: true, secretsTo: 'stdout' }))
    expect(added.error).toMatch(REFUSED)
    const rotated = await runCommand(env, () =>
      credentialsRotate('commanded', 'last', { overlap: '1h', json: true, secretsTo: 'stdout' }),
    )
    expect(rotated.error).toMatch(REFUSED)
    expect(added.stdout + rotated.stdout).toBe('')
    expect(await validOf('commanded')).toHaveLength(MOST)
  })

  test('gets no other by a manifest, planned or applied, however many of the credentials are its own', async () => {
    const more = MANIFEST.replace(client('planned', full), client('planned', `${full}, { label: more }`))
    const at = /clients\[3\]\.credentials: a client may have at most 100 valid credentials/
    await expect(server.apply(more)).rejects.toThrow(at)
    const planned = await root('POST', '/plans', { body: { manifest: more } })
    expect(planned.status).toBe(422)
    expect(JSON.stringify(planned.body)).toMatch(at)
    // A person has added one, and the manifest another.
    await server.apply(MANIFEST.replace(client('planned', full), client('planned', some(MOST - 1))))
    expect((await member('POST', '/clients/planned/credentials', { body: {} })).status).toBe(201)
    await expect(server.apply(MANIFEST)).rejects.toThrow(at)
    expect(await validOf('planned')).toHaveLength(MOST)
  })

  test('may have others that have ended', async () => {
    expect(await validOf('ended')).toHaveLength(MOST)
    expect(await asks('ended')).toBe(200)
  })

  test('is made by one request, and one of more is not', async () => {
    const credentials = Array.from({ length: MOST + 1 }, (_, at) => ({ label: String(at) }))
    const make = (client_id: string, most: number) =>
      member('POST', '/clients', { body: { client_id, owner: 'ours', credentials: credentials.slice(0, most) } })
    expect((await make('made', MOST)).body.secrets).toHaveLength(MOST)
    const { status, body } = await make('more', MOST + 1)
    expect(status).toBe(422)
    expect(body.errors).toMatchObject([{ pointer: '/credentials', detail: expect.stringMatching(REFUSED) }])
  })

  test.each([
    ['keys', 'keys in its valid credentials', 2, { jwks: { keys: Array.from({ length: 50 }, () => newJwk('k')) } }],
    [
      'keys of issuers',
      'keys in its valid credentials',
      2,
      {
        federated: {
          issuer: 'https://ci.example.com',
          audience: 'x',
          subject: 'x',
          jwks: { keys: Array.from({ length: 50 }, () => newJwk('k')) },
        },
      },
    ],
    ['key URLs', 'valid credentials with a jwks_uri', 10, { jwks_uri: 'https://keys.example.com/jwks' }],
  ])('has a bound of all its %s, too', async (name, what, most, body) => {
    const id = `with ${name}`
    expect((await member('POST', '/clients', { body: { client_id: id, owner: 'ours' } })).status).toBe(201)
    const add = () => member('POST', `/clients/${encodeURIComponent(id)}/credentials`, { body })
    for (let at = 0; at < most; at += 1) expect((await add()).status).toBe(201)
    const refused = await add()
    expect(refused.status).toBe(409)
    expect(refused.body.detail).toMatch(what)
    const credentials = Array.from({ length: most + 1 }, (_, at) => ({ ...body, label: String(at) }))
    const made = await member('POST', '/clients', { body: { client_id: `more ${name}`, owner: 'ours', credentials } })
    expect(made.status).toBe(422)
  })

  test('gets one of several at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => member('POST', '/clients/raced/credentials', { body: {} })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409, 409, 409, 409])
    expect(await validOf('raced')).toHaveLength(MOST)
  })
})

test('a client that had more before there was a bound goes on, and gets no other', async () => {
  const context = managementContext({ options: server.config, store })
  const spec = { proof: { ...NEW_SECRET, secret: LAST }, label: 'last', expiresAt: undefined } as const
  const { credential } = await addCredential(context, { client: ClientId('bare'), spec, show: () => {} })
  const copies = Array.from({ length: MOST + 40 }, (_, at): Credential => {
    const id = CredentialId(uuidv7(systemClock, systemRandom))
    return { ...credential, id, label: `copy ${at}`, origin: 'manifest' }
  })
  const step = await store.model.updateCredentials(ClientId('bare'), () => ({
    writes: { put: copies, remove: [] },
    event: recordedBy(context, { type: 'credential.add', detail: {} }),
  }))
  expect(step).toBeDefined()
  expect(await asks('bare')).toBe(200)
  expect((await member('POST', '/clients/bare/credentials', { body: {} })).body.detail).toMatch(REFUSED)
  expect((await member('POST', '/clients/bare/credentials/copy 1/revoke')).status).toBe(200)
  expect((await member('POST', '/clients/bare/credentials', { body: {} })).status).toBe(409)
  const { headers } = await member('GET', '/clients/bare')
  const match = { 'if-match': headers.get('etag') ?? '' }
  expect((await member('PATCH', '/clients/bare', { body: { name: 'Bare' }, headers: match })).status).toBe(200)
  const all = copies.map(({ label }) => `{ label: "${label}", secret: ${LAST} }`).join(', ')
  await server.apply(`${oneApi('edit')}\nclients:\n${client('bare', all)}`)
  expect(await validOf('bare')).toHaveLength(MOST + 40)
})

describe('raced-salts: chosen secrets that are added to a client at once', () => {
  test('share a salt, so that a wrong guess costs one slow hash', async () => {
    const made = await member('POST', '/clients', { body: { client_id: 'salted', owner: 'ours' } })
    expect(made.status).toBe(201)
    const secrets = Array.from({ length: 8 }, (_, at) => `a chosen secret, number ${at}`)
    const answers = await Promise.all(
      secrets.map((secret) => member('POST', '/clients/salted/credentials', { body: { secret } })),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(201)
    expect(new Set(statuses)).toEqual(new Set([201, ...(statuses.includes(409) ? [409] : [])]))
    const { found } = (await store.credentials.listCredentials(ClientId('salted'))) ?? { found: [] }
    const salts = found.flatMap(({ credential: one }) =>
      one.kind === 'secret' && one.hash.kind === 'scrypt' ? [one.hash.parameters.salt.toString('base64')] : [],
    )
    expect(salts).toHaveLength(statuses.filter((status) => status === 201).length)
    expect(new Set(salts).size).toBe(1)
    // The others are added when they are tried again.
    const again = await member('POST', '/clients/salted/credentials', { body: { secret: 'one more chosen secret' } })
    expect(again.status).toBe(201)
  })
})
