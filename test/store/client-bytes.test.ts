import { createHash, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { RegisteredKeys } from '../../src/client-auth/registered-keys.ts'
import type { Client } from '../../src/model/client.ts'
import { type Credential, type Jwk, toCredentials } from '../../src/model/credentials/credential.ts'
import { Directory } from '../../src/model/directory/directory.ts'
import { Audience, ClientId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { fromCredential } from '../../src/store/tables/credential-rows.ts'
import { fromClient, toClient } from '../../src/store/tables/rows.ts'
import { SharedSettings } from '../../src/store/tables/shared-settings.ts'
import { clientWith, UNSET } from '../harness/client-record.ts'
import { lifeOf } from '../harness/credential-life.ts'
import { settledBytes } from '../harness/memory.ts'

const ROOM = 8 * 1024 * 1024
/** A number of parts of which a client may have any number. */
const MANY = 400

const names = (count: number, nameOf: (index: number) => string, value: unknown = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [nameOf(index), value]))
const list = <Part>(count: number, partOf: (index: number) => Part): Part[] =>
  Array.from({ length: count }, (_, index) => partOf(index))
/** The numbers up to 32 in an order of this client alone. */
const mixed = (client: number): readonly number[] =>
  list(32, (index) => ({ index, place: Math.sin((client + 1) * (index + 1) * 997) }))
    .sort((one, other) => one.place - other.place)
    .map(({ index }) => index)

type Proof = Credential extends infer Kind ? Omit<Kind, keyof ReturnType<typeof lifeOf>> : never
const credentials = (count: number, proofOf: (index: number) => Proof) =>
  toCredentials(
    list(count, (index) => ({
      ...lifeOf(`id ${index}`, { label: `${index}`, createdAt: 1.8e12 }),
      ...proofOf(index),
    })) as Credential[],
  )
const SECRET = {
  kind: 'secret',
  hash: { kind: 'sha256', digest: 'x'.repeat(43) },
  retrievable: { ciphertext: Buffer.alloc(80), masterKeyId: 'x'.repeat(16) },
} as const

/** The settings of clients that are as large, or as many, as the room allows. Each client has settings of its own. */
const fleets: Readonly<Record<string, (client: number) => Partial<Client>>> = {
  'no settings': () => ({}),
  'a secret that is kept': () => ({ credentials: credentials(1, () => SECRET) }),
  'many secrets': () => ({ credentials: credentials(40, () => SECRET) }),
  'many short scopes': (client) => ({ scopes: list(MANY, (index) => `${client}:${index}`) }),
  'many grants': (client) => ({
    grants: list(MANY, (index) => ({ api: Audience(`api:${client}.${index}`), scopes: [], defaultScopes: [] })),
  }),
  'a name in the metadata': (client) => ({ metadata: names(1, () => `name ${client}`) }),
  'a few names in the metadata': (client) => ({ metadata: names(8, (index) => `${client} ${index}`) }),
  'many names in the metadata': (client) => ({ metadata: names(MANY, (index) => `${client} ${index}`) }),
  'long names in the metadata': (client) => ({
    metadata: names(MANY, (index) => `${client} ${index}`.padEnd(128, 'x')),
  }),
  'very long names, deep in the metadata': (client) => ({
    metadata: { deep: names(8, (index) => `${client} ${index}`.padEnd(10_000, 'ł')) },
  }),
  'equal names in another order': (client) => ({
    metadata: { deep: Object.fromEntries(mixed(client).map((index) => [`name ${index}`, 0])) },
  }),
  'a number as a name': (client) => ({ metadata: { 322: client } }),
  'numbers as names': (client) => ({ metadata: { deep: names(MANY, (index) => `${index * 1_000 + client}`) } }),
  'objects with a name each': (client) => ({
    metadata: { deep: list(MANY, (index) => ({ [`${client} ${index}`]: 0 })) },
  }),
  'empty objects': (client) => ({ metadata: { client, deep: list(MANY, () => ({})) } }),
  'lists of one': (client) => ({ metadata: { client, deep: list(MANY, (index) => [index]) } }),
  fractions: (client) => ({ metadata: { client, deep: list(MANY, (index) => ({ a: index + 0.5 })) } }),
  'claims of a token': (client) => ({ token: { claims: names(16, (index) => `${client} ${index}`) } }),
  'claims of an outside token': (client) => ({
    credentials: credentials(20, (at) => ({
      kind: 'federated',
      trust: { issuer: 'https://x', audience: 'x', claims: names(20, (index) => `${client} ${at} ${index}`) },
    })),
  }),
  'keys with other members': (client) => ({
    credentials: credentials(20, (at) => ({
      kind: 'keys',
      algorithm: undefined,
      source: { jwks: [names(20, (index) => `${client} ${at} ${index}`)] },
    })),
  }),
}

/** Reads clients as the server reads them from the database. */
function storeOf(settingsOf: (client: number) => Partial<Client>) {
  const settings = new SharedSettings()
  return {
    loadClient: async (id: ClientId) => {
      const written = clientWith({ id, ...settingsOf(Number(id)) })
      const row = { ...UNSET, ...fromClient(DEFAULT_TENANT, written, 0) }
      const client = toClient(
        row,
        written.credentials.all.map((one) => fromCredential(id, one)),
      )
      if ('problem' in client) throw new Error(client.problem)
      // Requests that come meanwhile use the pool that small buffers are cut from.
      for (let request = 0; request < 100; request += 1) Buffer.from('x'.repeat(100))
      return settings.share(client, row)
    },
    loadApis: async () => ({ found: [], unreadable: [] }),
    clientsTrusting: async () => [],
  }
}

test.each(Object.entries(fleets))('clients in memory take no more than their room: %s', async (_name, settingsOf) => {
  const directory = await Directory.open(storeOf(settingsOf), { room: { bytes: ROOM }, onUnreadable: () => {} })
  let id = 0
  for (; directory.counts.clients === id; id += 1) await directory.client(ClientId(`${id}`))
  const full = settledBytes()
  const { clients } = directory.counts
  await directory.reset()
  const bytes = full - settledBytes()
  expect(clients).toBeGreaterThan(20)
  expect(bytes).toBeLessThan(ROOM)
})

test.each<[string, (id: string) => Jwk]>([
  ['RSA', (id) => ({ kty: 'RSA', e: 'AQAB', n: oddNumber(id).toString('base64url') })],
  ['P-256', () => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) })],
])('clients take no more than their room once their keys are parsed: %s', async (_kind, jwkOf) => {
  const store = storeOf((client) => ({
    credentials: credentials(1, () => ({
      kind: 'keys',
      algorithm: undefined,
      source: { jwks: list(20, (index) => jwkOf(`${client} ${index}`)) },
    })),
  }))
  const directory = await Directory.open(store, { room: { bytes: ROOM }, onUnreadable: () => {} })
  const parsed = new RegisteredKeys()
  for (let id = 0; directory.counts.clients === id; id += 1) {
    const client = await directory.client(ClientId(`${id}`))
    for (const { source } of client?.credentials.keys ?? [])
      if ('jwks' in source) expect(parsed.ofClient(source.jwks)).toHaveLength(20)
  }
  const full = settledBytes()
  await directory.reset()
  const bytes = full - settledBytes()
  expect(bytes).toBeLessThan(ROOM)
  expect(parsed.ofClient([])).toEqual([])
})

/** A number of 2,048 bits, as the modulus of an RSA key. */
function oddNumber(seed: string): Buffer {
  const bytes = Buffer.from(createHash('shake256', { outputLength: 256 }).update(seed).digest())
  bytes[0] = 0xff
  bytes[255] = 0xff
  return bytes
}
