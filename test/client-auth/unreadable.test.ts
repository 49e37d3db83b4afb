import { afterAll, beforeAll, expect, test } from 'vitest'
import { newSecret } from '../harness/model.ts'
import { openRows, type Rows } from '../harness/rows.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { makeSigner, signWith } from '../jws/tokens.ts'
import { claimsOf, expectToken, expectUnauthenticated, formOf } from './assertions.ts'

const [first, second] = [await makeSigner('ES256'), await makeSigner('ES256')]
const jwks = (signer: typeof first) => JSON.stringify({ keys: [signer.publicJwk] })
const MODEL = `
apis: [{ audience: "https://api.example.com", scopes: [{ name: read }] }]
clients:
  - client_id: signer
    scopes: [read]
    credentials: [{ label: lost, retrievable: true }, { label: kept, retrievable: true }]
  - client_id: keyed
    scopes: [read]
    credentials: [{ label: lost keys, jwks: ${jwks(first)} }, { label: kept keys, jwks: ${jwks(second)} }]
`

let server: TestServer
let rows: Rows
let secrets: ReadonlyMap<string, string>
beforeAll(async () => {
  server = await startTestServer()
  const { generated } = await server.apply(MODEL)
  secrets = new Map(generated.map(({ label, secret }) => [label, secret]))
  rows = openRows(server.config)
})
afterAll(async () => {
  rows.close()
  await server.stop()
})

const now = () => Math.floor(Date.now() / 1000)
const sign = (secret: string) =>
  signWith({ alg: 'HS256', privateKey: Buffer.from(secret) }, claimsOf(server.issuer, 'signer', now()))
const signWithKey = (signer: typeof first) => signWith(signer, claimsOf(server.issuer, 'keyed', now()))
const send = async (assertion: Promise<string>) => server.token(formOf(await assertion))

/** How the secret of a credential comes to be lost. */
const ways: [string, string, RegExp][] = [
  [
    'it is encrypted under another master key',
    "master_key_id = '0123456789ab'",
    /is encrypted under the master key 0123456789ab, which was not given$/,
  ],
  ['it is damaged', "encrypted_secret = x'00112233445566778899aabbccddeeff00112233445566778899aabb'", /damaged/],
  ['it was cut off', "encrypted_secret = x'00'", /damaged/],
  [
    'it is that of another credential',
    "encrypted_secret = (select encrypted_secret from credential where label = 'kept')",
    /of another record/,
  ],
]
test.each(ways)('client_secret_jwt, where a secret can not be decrypted: %s', async (_name, change, problem) => {
  const [before] = rows.all("select * from credential where label = 'lost'")
  rows.run(`update credential set ${change} where label = 'lost'`)
  rows.announce('client', 'signer')
  await until(async () => (await send(sign(secrets.get('lost') ?? ''))).status === 401)
  const refusal = {
    reason: 'credential_unreadable',
    clientId: 'signer',
    detail: { method: 'client_secret_jwt', credential: before?.['id'], problem: expect.stringMatching(problem) },
  }
  await expectUnauthenticated(server, await send(sign(newSecret())), refusal)
  await expectUnauthenticated(server, await send(sign(secrets.get('lost') ?? '')), refusal)
  await expectToken(server, await send(sign(secrets.get('kept') ?? '')), 'signer', 'client_secret_jwt')
  // Its hash is there, and is as good as ever.
  const byBasic = await server.token({ grant_type: 'client_credentials' }, basic('signer', secrets.get('lost') ?? ''))
  expect(byBasic.status).toBe(200)
  rows.run(
    "update credential set encrypted_secret = ?, master_key_id = ? where label = 'lost'",
    before?.['encrypted_secret'] as Uint8Array,
    String(before?.['master_key_id']),
  )
  rows.announce('client', 'signer')
  await until(async () => (await send(sign(secrets.get('lost') ?? ''))).status === 200)
})

test('private_key_jwt, where what is registered is no key: that of another credential counts', async () => {
  rows.run("update credential set data = ? where label = 'lost keys'", '{"source":{"jwks":[{"kty":"EC"}]}}')
  rows.announce('client', 'keyed')
  await until(async () => (await send(signWithKey(first))).status === 401)
  await expectUnauthenticated(server, await send(signWithKey(first)), {
    reason: 'credential_unreadable',
    clientId: 'keyed',
  })
  await expectToken(server, await send(signWithKey(second)), 'keyed', 'private_key_jwt')
})
