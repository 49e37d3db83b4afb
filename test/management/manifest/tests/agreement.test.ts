import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MasterKey } from '../../../../src/crypto/master-key.ts'
import { withAdminApi } from '../../../../src/management/authority/all-apis.ts'
import { recordedBy } from '../../../../src/management/context.ts'
import { parseManifest } from '../../../../src/management/manifest/reading/parse.ts'
import { runTests } from '../../../../src/management/manifest/tests/run.ts'
import { stateAfter } from '../../../../src/management/manifest/tests/state.ts'
import type { Api } from '../../../../src/model/api.ts'
import { ApiSet } from '../../../../src/model/api-set.ts'
import type { Client } from '../../../../src/model/client.ts'
import { toCredentials } from '../../../../src/model/credentials/credential.ts'
import { sha256 } from '../../../../src/model/credentials/secret-hash.ts'
import { Audience, ClientId } from '../../../../src/oauth/ids.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { systemRandom } from '../../../../src/platform/random.ts'
import { Mistakes } from '../../../../src/platform/user-error.ts'
import { openStore } from '../../../../src/store/open.ts'
import { clientWith } from '../../../harness/client-record.ts'
import { lifeOf } from '../../../harness/credential-life.ts'
import { contextOf } from '../../../harness/management.ts'
import { SECRET } from '../../../harness/model.ts'
import { makeProof } from '../../../harness/proofs.ts'
import { basic, startTestServer, type TestServer } from '../../../harness/server.ts'
import { anyModel, type Request } from '../../../policy/models.ts'

const ROUNDS = 5
/** The clients of a round. Each sends one request. */
const CLIENTS = 50
const LIFETIME = 4_000

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ options: { 'token.lifetime': String(LIFETIME) } })
})
afterAll(() => server.stop())

const sometimes = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, value)

const anyApiSettings = fc.record({
  lifetime: sometimes(fc.integer({ min: 60, max: 9_000 })),
  format: sometimes(fc.constant('sealed' as const)),
  claims: sometimes(fc.constant({ stage: 'live', list: [1, { deep: true }] })),
  require: sometimes(fc.constantFrom('dpop', 'certificate_bound', 'sender_constrained')),
})

const anyClientSettings = fc.record({
  isDisabled: sometimes(fc.constant(true)),
  isGrantless: sometimes(fc.constant(true)),
  require: sometimes(fc.constantFrom('dpop', 'certificate_bound', 'sender_constrained')),
  subject: sometimes(fc.constant('svc')),
  lifetime: sometimes(fc.integer({ min: 60, max: 9_000 })),
  dpop: fc.boolean(),
})

const credentials = () =>
  toCredentials([
    {
      kind: 'secret',
      ...lifeOf(randomUUID()),
      hash: { kind: 'sha256', digest: sha256(SECRET) },
      retrievable: undefined,
    },
  ])

interface Sent {
  readonly client: Client
  readonly request: Request
  readonly dpop: boolean
}

/** APIs, and clients that each send one request. */
function makeRound(round: number): { readonly apis: readonly Api[]; readonly sent: readonly Sent[] } {
  const models = fc.sample(anyModel(), CLIENTS)
  const apiSettings = fc.sample(anyApiSettings, 4)
  const clientSettings = fc.sample(anyClientSettings, CLIENTS)
  const apis = (models[0]?.[0].apis.all ?? []).map((api, index): Api => {
    const { require, ...token } = apiSettings[index] ?? {}
    const given = Object.fromEntries(Object.entries(token).filter(([, value]) => value !== undefined))
    return { ...api, token: given, require }
  })
  const known = new ApiSet(apis)
  const sent = models.map(([{ client }, request], index): Sent => {
    const { isDisabled, isGrantless, require, subject, lifetime, dpop = false } = clientSettings[index] ?? {}
    return {
      client: {
        ...client,
        id: ClientId(`c-${round}-${index}`),
        enabled: isDisabled !== true,
        grantTypes: isGrantless === true ? [] : client.grantTypes,
        token: lifetime === undefined ? {} : { lifetime },
        require,
        subject,
        credentials: credentials(),
      },
      // Each tenth request may have a name that no API has.
      request: index % 10 === 0 ? request : among(known, request),
      dpop,
    }
  })
  return { apis, sent }
}

/** The part of a request that has names of these APIs alone. */
function among(apis: ApiSet, { scope, targets }: Request): Request {
  const scopes = scope?.filter((name) => apis.withScope(name).length > 0) ?? []
  return {
    scope: scopes.length > 0 ? scopes : undefined,
    targets: targets.filter((one) => apis.get(one) !== undefined),
  }
}

type Answer =
  | { readonly kind: 'token'; readonly gets: Readonly<Record<string, unknown>>; readonly lifetime: number }
  | { readonly kind: 'refused'; readonly error: string }

async function send(id: string, { scope, targets }: Request, dpop: boolean): Promise<Answer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope: scope.join(' ') }) })
  for (const target of targets) form.append('resource', target)
  const proof = dpop ? { dpop: await makeProof(`${server.issuer}/as/token.oauth2`) } : {}
  const response = await server.token(form.toString(), { ...basic(id, SECRET), ...proof })
  const body = (await response.json()) as Record<string, string>
  if (body['error'] !== undefined) return { kind: 'refused', error: body['error'] }
  const [, payload] = body['access_token']?.split('.') ?? []
  const lifetime = Number(body['expires_in'])
  const gets = {
    scopes: body['scope'],
    lifetime,
    format: payload === undefined ? 'sealed' : 'jwt',
    bound: body['token_type'] === 'DPoP' ? 'dpop' : 'nothing',
  }
  if (payload === undefined) return { kind: 'token', gets, lifetime }
  const {
    aud,
    iat: _,
    exp: __,
    jti: ___,
    cnf: ____,
    ...claims
  } = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return { kind: 'token', gets: { ...gets, audience: aud, claims }, lifetime }
}

test('the tests of a manifest pass for the answers of a server, and for no others', async () => {
  const store = await openStore(server.config.storage, systemClock)
  const context = contextOf(store, systemClock, new MasterKey(Buffer.alloc(32, 1), systemRandom))
  const answered: (Sent & { readonly apis: ApiSet; readonly answer: Answer })[] = []
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { apis, sent } = makeRound(round)
      await write(round, apis, sent)
      const known = withAdminApi((await store.model.snapshot([])).apis.values())
      for (const one of sent)
        answered.push({ ...one, apis: known, answer: await send(one.client.id, one.request, one.dpop) })
    }
    await server.stopServer()
    const events = await store.audit.listEvents({ limit: 1_000 })
    const reasons = new Map(events.map(({ clientId, reason }) => [clientId, reason]))
    const counts = { token: 0, refused: 0, unknown: 0 }
    for (const { answer, apis, client, request, dpop } of answered) {
      const said = { client: client.id, ...(request.scope && { scope: request.scope }), dpop }
      const asked = request.targets.length === 0 ? said : { ...said, resource: request.targets }
      const reason = reasons.get(client.id)
      const other = reason === 'no_scope' ? 'unknown_target' : 'no_scope'
      const [right, wrong] =
        answer.kind === 'token'
          ? [[{ gets: answer.gets }], [{ gets: { lifetime: answer.lifetime + 1 } }, { refused: 'invalid_scope' }]]
          : [
              [{ refused: reason }, { refused: answer.error }],
              [{ refused: other }, { gets: {} }],
            ]
      const tests = [...right, ...wrong].map((expectation) => ({ ...asked, ...expectation }))
      const parsed = parseManifest('m.yaml', JSON.stringify({ tests }))
      const state = stateAfter({ apis, clients: [client], authority: context.authority }, store.directory)
      const rules = { issuer: server.issuer, defaultLifetime: LIFETIME, clock: systemClock }
      const results = await runTests(parsed, state, rules).catch((error: unknown) => {
        if (!(error instanceof Mistakes)) throw error
        return error
      })
      if (results instanceof Error) {
        // The request has a name that no API has.
        expect({ answer, message: results.message }).toMatchObject({ answer: { kind: 'refused' } })
        counts.unknown += 1
        continue
      }
      const passed = results.map(({ differences }) => differences.length === 0)
      const expected = [...right.map(() => true), ...wrong.map(() => false)]
      expect({ tests, results, passed }).toMatchObject({ passed: expected })
      counts[answer.kind] += 1
    }
    expect(Math.min(counts.token, counts.refused)).toBeGreaterThan(10)
  } finally {
    await store.close()
  }

  /** Writes a round, and waits until the server knows it. */
  async function write(round: number, apis: readonly Api[], sent: readonly Sent[]): Promise<void> {
    const id = ClientId(`marker-${round}`)
    const scopes = [`round-${round}`]
    const marker = { ...clientWith({ id, scopes, restrictScopes: true }), credentials: credentials() }
    const audience = Audience('https://marker.example.com')
    const markerApi = {
      audience,
      name: undefined,
      scopes: [{ name: scopes[0] ?? '' }],
      token: {},
      require: undefined,
      manifest: undefined,
    }
    const { version } = await store.model.snapshot([])
    const written = await store.model.commit(version, {
      apis: [...apis, markerApi],
      clients: [...sent.map(({ client }) => client), marker],
      event: recordedBy(context, { type: 'manifest.apply', detail: {} }),
    })
    expect(written).toBe(true)
    const isKnown = async () => (await send(id, { scope: scopes, targets: [audience] }, false)).kind
    await expect.poll(isKnown, { timeout: 30_000 }).toBe('token')
  }
})
