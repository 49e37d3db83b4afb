import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsOf, expectToken, expectUnauthenticated, formOf } from '../harness/assertions.ts'
import { newSecret, oneApi } from '../harness/model.ts'
import { openRows, type Rows } from '../harness/rows.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, signWith } from '../harness/tokens.ts'
import { until } from '../harness/until.ts'

const [first, second] = [await makeSigner('ES256'), await makeSigner('ES256')]
const jwks = (signer: typeof first) => JSON.stringify({ keys: [signer.publicJwk] })
/** Ways in which the secret of a credential is lost. */
const ways: [string, string, RegExp][] = [
  [
    'it is encrypted under another master key',
    "master_key_id = '0123456789ab'",
    /is encrypted under the master key 0123456789ab, which was not given$/,
  ],
  ['it is damaged', "encrypted_secret = x'00112233445566778899aabbccddeeff00112233445566778899aabb'", /damaged/],
  ['it was cut off', "encrypted_secret = x'00'", /damaged/],
  [
    'it belongs to another credential',
    "encrypted_secret = (select encrypted_secret from credential other where other.client_id = credential.client_id and label = 'kept')",
    /belongs to another record/,
  ],
]
/** Each has a client of its own, because wrong secrets count per client. */
const signerOf = (name: string) => `signer, where ${name}`
const MODEL = `
${oneApi('read')}
clients:
${ways
  .map(
    ([name]) => `
  - client_id: ${JSON.stringify(signerOf(name))}
    scopes: [read]
    credentials: [{ label: lost, retrievable: true }, { label: kept, retrievable: true }]`,
  )
  .join('')}
  - client_id: keyed
    scopes: [read]
    credentials: [{ label: lost keys, jwks: ${jwks(first)} }, { label: kept keys, jwks: ${jwks(second)} }]
  - client_id: foreign
    scopes: [read]
    credentials:
      - { label: lost issuer, federated: { issuer: "https://lost.example", audience: a, subject: s, jwks: ${jwks(first)} } }
      - { label: kept issuer, federated: { issuer: "https://kept.example", audience: a, subject: s, jwks: ${jwks(second)} } }
`

let server: TestServer
let rows: Rows
let secrets: ReadonlyMap<string, string>
beforeAll(async () => {
  server = await startTestServer()
  const { generated } = await server.apply(MODEL)
  secrets = new Map(generated.map(({ clientId, label, secret }) => [`${clientId} ${label}`, secret]))
  rows = openRows(server.config)
})
afterAll(async () => {
  rows.close()
  await server.stop()
})

const now = () => Math.floor(Date.now() / 1000)
const secretOf = (id: string, label: string) => secrets.get(`${id} ${label}`) ?? newSecret()
const sign = (id: string, label: string) =>
  signWith({ alg: 'HS256', privateKey: Buffer.from(secretOf(id, label)) }, claimsOf(server.issuer, id, now()))
const signWithKey = (signer: typeof first) => signWith(signer, claimsOf(server.issuer, 'keyed', now()))
const send = async (assertion: Promise<string>) => server.token(formOf(await assertion))

/** Anybody can cause such a refusal, so that it must not count among those of authenticated clients. */
async function expectOfStranger(
  response: Response,
  refusal: Parameters<typeof expectUnauthenticated>[2],
): Promise<void> {
  await expectUnauthenticated(server, response, refusal)
  const [event] = await server.audit(response.headers.get('x-request-id'))
  expect(event?.reason).toBe('credential_unreadable')
  expect(event?.detail).not.toHaveProperty('credential')
}

test.each(ways)(
  'unreadable-record: client_secret_jwt with a secret that can’t be decrypted: %s',
  async (name, change, problem) => {
    const id = signerOf(name)
    const lost = `client_id = '${id}' and label = 'lost'`
    const [before] = rows.all(`select * from credential where ${lost}`)
    rows.run(`update credential set ${change} where ${lost}`)
    rows.announce('client', id)
    await until(async () => (await send(sign(id, 'lost'))).status === 401)
    const refusal = {
      reason: 'credential_unreadable',
      clientId: id,
      detail: {
        method: 'client_secret_jwt',
        unreadable_credential: before?.['id'],
        problem: expect.stringMatching(problem),
      },
    }
    await expectOfStranger(await send(sign(id, 'unknown')), refusal)
    await expectUnauthenticated(server, await send(sign(id, 'lost')), refusal)
    await expectToken(server, await send(sign(id, 'kept')), id, 'client_secret_jwt')
    // The hash is intact, so that the secret still works.
    const byBasic = await server.token({ grant_type: 'client_credentials' }, basic(id, secretOf(id, 'lost')))
    expect(byBasic.status).toBe(200)
    rows.run(
      `update credential set encrypted_secret = ?, master_key_id = ? where ${lost}`,
      before?.['encrypted_secret'] as Uint8Array,
      String(before?.['master_key_id']),
    )
    rows.announce('client', id)
    // The same secret each time, because each new one would count as a guess.
    const assertion = sign(id, 'lost')
    await until(async () => (await send(assertion)).status === 200)
  },
)

test.each([
  ['the first', 1],
  ['the last', 3],
])('private_key_jwt works with the other credential if %s of two has no key', async (_place, createdAt) => {
  const before = rows.all("select data from credential where label = 'lost keys'")[0]
  const write = (data: unknown, at: number): void => {
    rows.run("update credential set data = ?, created_at = ? where label = 'lost keys'", String(data), at)
    rows.announce('client', 'keyed')
  }
  rows.run("update credential set created_at = 2 where label = 'kept keys'")
  write('{"source":{"jwks":[{"kty":"EC"}]}}', createdAt)
  await until(async () => (await send(signWithKey(first))).status === 401)
  await expectOfStranger(await send(signWithKey(first)), { reason: 'credential_unreadable', clientId: 'keyed' })
  await expectToken(server, await send(signWithKey(second)), 'keyed', 'private_key_jwt')
  write(before?.['data'], createdAt)
  await until(async () => (await send(signWithKey(first))).status === 200)
})

test('a token of an outside issuer works with another credential if one has no valid key set', async () => {
  const signAs = (signer: typeof first, issuer: string) =>
    signWith(signer, { iss: `https://${issuer}.example`, aud: 'a', sub: 's', iat: now(), exp: now() + 60 })
  const sendForeign = async (signer: typeof first, issuer: string) =>
    server.token(formOf(await signAs(signer, issuer), { client_id: 'foreign' }))
  await expectToken(server, await sendForeign(first, 'lost'), 'foreign', 'federated_jwt')
  const [stored] = rows.all("select data from credential where label = 'lost issuer'")
  const trust = JSON.parse(String(stored?.['data']))
  const tooMany = Array.from({ length: 101 }, () => trust.jwks[0])
  rows.run("update credential set data = ? where label = 'lost issuer'", JSON.stringify({ ...trust, jwks: tooMany }))
  rows.announce('client', 'foreign')
  await until(async () => (await sendForeign(first, 'lost')).status === 401)
  await expectOfStranger(await sendForeign(first, 'lost'), { reason: 'credential_unreadable', clientId: 'foreign' })
  await expectToken(server, await sendForeign(second, 'kept'), 'foreign', 'federated_jwt')
})
