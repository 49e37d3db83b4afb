import { generateKeyPairSync } from 'node:crypto'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadOptions } from '../../../src/config/load.ts'
import { type Config, resolveConfig } from '../../../src/config/resolve.ts'
import { asymmetricAlgorithms, symmetricAlgorithms } from '../../../src/crypto/jws/algorithms.ts'
import { createLogger } from '../../../src/observability/log.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { planReload } from '../../../src/server/reload/plan.ts'
import { type Server, startServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import { claimsOf, formOf, post } from '../../harness/assertions.ts'
import { newSecret, oneApi, SECRET } from '../../harness/model.ts'
import { makeProof } from '../../harness/proofs.ts'
import { applyTo, basic, testConfig } from '../../harness/server.ts'
import { makeSigners, type Signer, signWith } from '../../harness/tokens.ts'

const signers = await makeSigners()
const shared = newSecret()
const jwks = { keys: signers.map(({ publicJwk }) => publicJwk) }
const credentials = `[{ label: keys, jwks: ${JSON.stringify(jwks)} }, { label: mac, secret: ${shared}, retrievable: true }]`
const MODEL = `
${oneApi('edit')}
clients:
  - { client_id: own, scopes: [edit], credentials: ${credentials} }
  - { client_id: prover, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
`
const EVERY = [...asymmetricAlgorithms, ...symmetricAlgorithms]
const FAPI = ['PS256', 'ES256', 'EdDSA']
/** Ed25519 has two names (RFC 9864 §2.2). */
const TAKEN_BY_FAPI = ['ES256', 'PS256', 'EdDSA', 'Ed25519']

let folder: string
let config: Config
let flags: Readonly<Record<string, string>>
let server: Server
beforeAll(async () => {
  ;({ config, folder, flags } = await testConfig())
  await applyTo(config, MODEL)
  server = await startServer(config, { log: createLogger('silent') })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

/** Reloads the configuration as SIGHUP does, with these options instead of the defaults. */
async function reload(changed: Readonly<Record<string, string>>): Promise<void> {
  const plan = planReload(config, resolveConfig(loadOptions({ env: {}, flags: { ...flags, ...changed } })))
  expect(plan.fixed).toEqual([])
  await server.reload(plan.config)
  config = plan.config
}

const tokenEndpoint = () => `${config.issuer}/as/token.oauth2`
const makers = [
  ...signers,
  ...symmetricAlgorithms.map((alg) => ({ alg, privateKey: Buffer.from(shared) })),
] satisfies readonly Pick<Signer, 'privateKey'>[]

const assertion = (by: (typeof makers)[number], changes: object = {}) =>
  signWith(by, claimsOf(config.issuer, 'own', Math.floor(Date.now() / 1000), changes))

const authenticate = async (by: (typeof makers)[number], changes: object = {}): Promise<Response> =>
  post(tokenEndpoint(), formOf(await assertion(by, changes)))

const reasonOf = async (response: Response): Promise<string | undefined> => {
  const store = await openStore(config.storage, systemClock)
  try {
    const requestId = response.headers.get('x-request-id') ?? ''
    await expect.poll(() => store.audit.listEvents({ limit: 1, requestId })).toHaveLength(1)
    return (await store.audit.listEvents({ limit: 1, requestId }))[0]?.reason
  } finally {
    await store.close()
  }
}

/**
 * The accepted algorithms for assertions and for proofs. Requires that each refusal of another one names the reason.
 */
async function taken() {
  const assertions: string[] = []
  for (const by of makers) {
    const response = await authenticate(by)
    if (response.status === 200) assertions.push(by.alg)
    else expect(await reasonOf(response)).toBe('assertion_algorithm')
  }
  const proofs: string[] = []
  for (const by of signers) {
    const headers = { ...basic('prover', SECRET), dpop: await makeProof(tokenEndpoint(), { by }) }
    const response = await post(tokenEndpoint(), { grant_type: 'client_credentials' }, headers)
    if (response.status === 200) proofs.push(by.alg)
    else expect(await reasonOf(response)).toBe('dpop_proof_algorithm')
  }
  return { assertions, proofs }
}

async function advertised() {
  const documents = ['oauth-authorization-server', 'openid-configuration'].map(async (name) => {
    const metadata = (await (await fetch(`${config.issuer}/.well-known/${name}`)).json()) as Record<string, unknown>
    return {
      assertions: ['token', 'introspection', 'revocation'].map(
        (endpoint) => metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`],
      ),
      proofs: metadata['dpop_signing_alg_values_supported'],
    }
  })
  return Promise.all(documents)
}

describe('the algorithms of assertions and proofs', () => {
  test('are all known ones by default', async () => {
    expect(await taken()).toEqual({ assertions: EVERY, proofs: asymmetricAlgorithms })
    const said = { assertions: [EVERY, EVERY, EVERY], proofs: asymmetricAlgorithms }
    expect(await advertised()).toEqual([said, said])
  })

  test('are those of FAPI 2.0 §5.4.1 if so configured, also in the metadata, and all again after another reload', async () => {
    await reload({ 'assertions.algorithms': FAPI.join(','), 'dpop.algorithms': FAPI.join(',') })
    expect(await taken()).toEqual({ assertions: TAKEN_BY_FAPI, proofs: TAKEN_BY_FAPI })
    const said = { assertions: [FAPI, FAPI, FAPI], proofs: FAPI }
    expect(await advertised()).toEqual([said, said])
    await reload({})
    expect(await taken()).toEqual({ assertions: EVERY, proofs: asymmetricAlgorithms })
  })

  test('apply to the tokens of outside issuers as well', async () => {
    await reload({ 'assertions.algorithms': 'ES256' })
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const token = await signWith({ alg: 'RS256', privateKey }, { iss: 'https://issuer.example', sub: 'a' })
    const response = await post(tokenEndpoint(), formOf(token))
    expect({ status: response.status, reason: await reasonOf(response) }).toEqual({
      status: 401,
      reason: 'assertion_algorithm',
    })
    await reload({})
  })

  test.each([
    ['assertions.algorithms', 'ES256,none'],
    ['assertions.algorithms', ''],
    ['dpop.algorithms', 'HS256'],
    ['dpop.algorithms', 'es256'],
  ])('must be known: %s %s', (option, value) => {
    expect(() => loadOptions({ env: {}, flags: { [option]: value } })).toThrow(/^--(assertions|dpop)-algorithms/)
  })
})

test('an audience as an array is refused if the configuration asks for a string', async () => {
  const [by] = signers
  if (by === undefined) throw new Error('no key')
  const array = { aud: [config.issuer] }
  expect((await authenticate(by, array)).status).toBe(200)
  await reload({ 'assertions.audience': 'string' })
  const refused = await authenticate(by, array)
  expect({ status: refused.status, reason: await reasonOf(refused) }).toEqual({
    status: 401,
    reason: 'assertion_audience',
  })
  expect((await authenticate(by)).status).toBe(200)
  await reload({})
})
