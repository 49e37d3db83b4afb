import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventOf, expectUnauthenticated, formOf } from '../harness/assertions.ts'
import { standingClock } from '../harness/clock.ts'
import { AUDIENCE, kubernetes, NOW, spiffe } from '../harness/condition-shapes.ts'
import { oneApi } from '../harness/model.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, type Signer, signWith } from '../harness/tokens.ts'

/** Issuers of clusters that nobody outside can reach: their names resolve to nothing or to a private address. */
const ISSUERS = ['https://kubernetes.default.svc', 'https://10.0.0.1']
const [ofCluster, ofOther, ofDomain] = await Promise.all([
  makeSigner('RS256', { kid: 'cluster', use: 'sig' }),
  makeSigner('ES256', { kid: 'cluster' }),
  makeSigner('ES256', { use: 'jwt-svid' }),
])
const inline = (...signers: readonly Signer[]) =>
  `jwks: ${JSON.stringify({ keys: signers.map(({ publicJwk }) => publicJwk) })}`
const SUBJECT = `audience: ${AUDIENCE}, subject: "${kubernetes.sub}"`
const client = (id: string, federated: string) =>
  `  - { client_id: ${id}, scopes: [read], credentials: [{ federated: { ${federated} } }] }\n`

const [named = '', byAddress = ''] = ISSUERS
const MANIFEST = `
${oneApi('read')}
clients:
${client('billing', `issuer: "${named}", ${SUBJECT}, ${inline(ofCluster)}`)}${client('twin', `issuer: "${named}", ${SUBJECT}, ${inline(ofOther)}`)}${client(
  'private',
  `issuer: "${byAddress}", ${SUBJECT}, ${inline(ofOther, ofCluster)}`,
)}${client('svid', `issuer: "spiffe://prod.example", audience: ${AUDIENCE}, subject: "${spiffe.sub}", ${inline(ofDomain)}`)}${client(
  'pinned',
  `issuer: "https://pinned.example", ${SUBJECT}, algorithms: [ES256], ${inline(ofOther, ofCluster)}`,
)}`

let asked: string[]
let server: TestServer
beforeAll(async () => {
  asked = []
  server = await startTestServer({
    manifest: MANIFEST,
    clock: standingClock(NOW),
    lookup: async (host) => {
      asked.push(host)
      throw new Error('nothing is fetched')
    },
  })
})
afterAll(async () => {
  await server.stop()
  expect(asked).toEqual([])
})

const accountToken = (issuer: string, by: Signer) =>
  signWith(by, { ...kubernetes, iss: issuer }, { typ: 'JWT', kid: by.publicJwk.kid })

describe('an issuer whose keys are in the credential', () => {
  const accepted: [string, string, () => Promise<string>][] = [
    ['from the token alone', 'billing', () => accountToken(named, ofCluster)],
    ['another client with other keys of the same issuer', 'twin', () => accountToken(named, ofOther)],
    ['an issuer at a private address', 'private', () => accountToken(byAddress, ofCluster)],
    ['a trust domain', 'svid', () => signWith(ofDomain, spiffe, { typ: 'JWT' })],
    ['an algorithm of the credential', 'pinned', () => accountToken('https://pinned.example', ofOther)],
  ]
  test.each(accepted)('%s', async (_name, clientId, make) => {
    const response = await server.token(formOf(await make()))
    expect(response.status).toBe(200)
    expect(await eventOf(server, response)).toMatchObject({ clientId, detail: { method: 'federated_jwt' } })
  })

  const refused: [string, string, () => Promise<string>][] = [
    ['the keys of another client', 'twin', () => accountToken(named, ofCluster)],
    ['the keys of another issuer', 'svid', () => signWith(ofOther, spiffe, { typ: 'JWT' })],
    [
      'an algorithm that the credential does not allow',
      'pinned',
      () => accountToken('https://pinned.example', ofCluster),
    ],
  ]
  test.each(refused)('not with %s', async (_name, clientId, make) => {
    const response = await server.token(formOf(await make(), { client_id: clientId }))
    await expectUnauthenticated(server, response, { reason: 'federated_signature', clientId })
  })
})

test('applying the same again changes nothing', async () => {
  const { steps } = await server.apply(MANIFEST)
  expect(steps.filter(({ action }) => action !== 'unchanged')).toEqual([])
})

describe('refused at registration', () => {
  const cases: [string, string, RegExp][] = [
    [
      'a private key',
      `jwks: ${JSON.stringify({ keys: [ofOther.privateJwk] })}`,
      /federated: keys\[0\]: this is a private key/,
    ],
    ['a symmetric key', 'jwks: { keys: [{ kty: oct, k: AAAA }] }', /federated: keys\[0\]: .*symmetric/],
    ['no key', 'jwks: { keys: [] }', /federated\.jwks\.keys: /],
    [
      'keys together with their URL',
      `${inline(ofOther)}, jwks_uri: "https://keys.example/"`,
      /federated: give jwks or jwks_uri, not both/,
    ],
  ]
  test.each(cases)('%s', async (_name, keys, message) => {
    const manifest = `clients:\n${client('registering', `issuer: "https://issuer.example", ${SUBJECT}, ${keys}`)}`
    await expect(server.apply(manifest)).rejects.toThrow(message)
  })

  test('a trust domain without keys', async () => {
    const manifest = `clients:\n${client('registering', `issuer: "spiffe://prod.example", ${SUBJECT}`)}`
    await expect(server.apply(manifest)).rejects.toThrow(/needs a jwks_uri, or jwks/)
  })
})
