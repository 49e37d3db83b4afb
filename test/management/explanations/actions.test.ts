import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { operations } from '../../../src/admin/operations/operations.ts'
import { managementContext } from '../../../src/cli/database.ts'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { ANY_CASE, type Case as CaseOfRefusal } from '../../../src/management/explanations/advice/case.ts'
import { adviceOn, generalRemedies } from '../../../src/management/explanations/advice/table.ts'
import { ApiSet } from '../../../src/model/api-set.ts'
import type { Credential } from '../../../src/model/credentials/credential.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { claimsOf, formOf } from '../../harness/assertions.ts'
import { clientWith } from '../../harness/client-record.ts'
import { lifeOf } from '../../harness/credential-life.ts'
import { newSecret } from '../../harness/model.ts'
import { giveTo } from '../../harness/ownership.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { makeSigner, type Signer, signWith } from '../../harness/tokens.ts'
import { until } from '../../harness/until.ts'

const [API, OTHER] = ['https://api.example.com', 'https://other.example.com']
const action = z.strictObject({
  operation: z.string(),
  path: z.record(z.string(), z.string()),
  body: z.record(z.string(), z.unknown()).optional(),
})
type Action = z.output<typeof action>

let server: TestServer
let root: CallAdmin
let signer: Signer
const secrets = new Map<string, string>()

const client = (id: string, settings: string, credential = '') => {
  secrets.set(id, newSecret())
  return `\n  - { client_id: ${id}, ${settings}, credentials: [{ label: first, secret: ${secrets.get(id)}${credential} }] }`
}

beforeAll(async () => {
  signer = await makeSigner('ES256')
  server = await startTestServer({
    manifest: `
apis:
  - { audience: "${API}", scopes: [{ name: read }, { name: rare, onRequest: true }] }
  - { audience: "${OTHER}", scopes: [{ name: read }, { name: open }] }
clients:${administrator('root', permissionNames)}${[
      client('disabled', `grants: [{ api: "${API}", scopes: [read] }]`),
      client('wrong', `grants: [{ api: "${API}", scopes: [read] }]`),
      client('ended', `grants: [{ api: "${API}", scopes: [read] }]`),
      client('gone', `grants: [{ api: "${API}", scopes: [read] }]`, ', expires: 2020-01-01T00:00:00Z'),
      client('post', `grants: [{ api: "${API}", scopes: [read] }], auth_methods: [client_secret_post]`),
      client('scopeless', `grants: [{ api: "${OTHER}", scopes: [read] }]`),
      client('targetless', `grants: [{ api: "${OTHER}", scopes: [open] }]`),
      client('halved', `grants: [{ api: "${OTHER}", scopes: [read] }, { api: "${API}", scopes: [rare] }]`),
      client('ambiguous', 'scopes: [read]'),
      client('rare', `grants: [{ api: "${API}", scopes: [rare] }]`),
      client('grantless', `grants: [{ api: "${API}", scopes: [read] }], grant_types: []`),
      client('owned', `grants: [{ api: "${API}", scopes: [read] }]`),
      client('thief', `grants: [{ api: "${API}", scopes: [read] }]`),
    ].join('')}
  - { client_id: guessed, grants: [{ api: "${API}", scopes: [read] }], credentials: [{ label: first, secret: chosen by somebody }] }
  - { client_id: spare }
  - { client_id: signing, grants: [{ api: "${API}", scopes: [read] }], credentials: [{ label: keys, jwks: { keys: [${JSON.stringify(signer.publicJwk)}] } }] }
`.replaceAll('onRequest', 'on_request'),
  })
  root = await callsAs(server, 'root')
})
afterAll(() => server.stop())

/** Carries an action out as a console does: by the table of operations alone. @returns the body of the answer */
async function carryOut({ operation: id, path, body }: Action) {
  const operation = operations.find((one) => one.id === id)
  if (operation === undefined) throw new Error(`there is no operation ${id}`)
  const target = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))
  const present = operation.isConditional ? await root('GET', target) : undefined
  const tag = present?.headers.get('etag')
  const headers =
    present && (typeof tag === 'string' && present.status === 200 ? { 'if-match': tag } : { 'if-none-match': '*' })
  const answer = await root(operation.method, target, { body, ...(headers && { headers }) })
  expect([id, answer.status, answer.status < 300 ? '' : answer.body]).toEqual([id, expect.any(Number), ''])
  return answer.body
}

const GRANT = { grant_type: 'client_credentials', resource: API }
type Request = (secret: string) => Promise<Response>
const asking =
  (id: string, form: Record<string, string> = GRANT): Request =>
  (secret) =>
    server.token(form, basic(id, secret))
const known = (id: string) => secrets.get(id) ?? ''

interface Case {
  readonly reason: string
  readonly operation: string
  readonly request: Request
  /** The secret that the client sends at first. After the action, it sends the new one, if there is one. */
  readonly secret: () => string
  readonly prepare?: () => Promise<unknown>
  /** The status of the refusal; any by default. */
  readonly status?: number
}

const cases: readonly Case[] = [
  {
    reason: 'client_disabled',
    operation: 'clients.enable',
    request: asking('disabled'),
    secret: () => known('disabled'),
    prepare: () => root('POST', '/clients/disabled/disable'),
  },
  { reason: 'wrong_secret', operation: 'credentials.rotate', request: asking('wrong'), secret: newSecret },
  {
    reason: 'revoked_credential',
    operation: 'credentials.add',
    request: asking('ended'),
    secret: () => known('ended'),
    prepare: () => root('POST', '/clients/ended/credentials/first/revoke'),
  },
  { reason: 'expired_credential', operation: 'credentials.add', request: asking('gone'), secret: () => known('gone') },
  { reason: 'no_such_credential', operation: 'credentials.add', request: asking('signing'), secret: newSecret },
  {
    reason: 'method_not_allowed_here',
    operation: 'clients.change',
    request: asking('post'),
    secret: () => known('post'),
  },
  {
    reason: 'scope_not_allowed',
    operation: 'grants.replace',
    request: asking('scopeless', { grant_type: 'client_credentials', resource: OTHER, scope: 'read open' }),
    secret: () => known('scopeless'),
  },
  {
    reason: 'unknown_target',
    operation: 'grants.replace',
    request: asking('targetless'),
    secret: () => known('targetless'),
  },
  {
    reason: 'scope_of_other_target',
    operation: 'grants.replace',
    request: (secret) =>
      server.token(
        `grant_type=client_credentials&scope=read&resource=${API}&resource=${OTHER}`,
        basic('halved', secret),
      ),
    secret: () => known('halved'),
  },
  {
    reason: 'too_many_guesses',
    operation: 'credentials.rotate',
    request: asking('guessed'),
    secret: () => `guess ${randomUUID()}`,
    status: 429,
  },
  {
    reason: 'ambiguous_target',
    operation: 'clients.change',
    request: asking('ambiguous', { grant_type: 'client_credentials' }),
    secret: () => known('ambiguous'),
  },
  { reason: 'no_scope', operation: 'clients.change', request: asking('rare'), secret: () => known('rare') },
  {
    reason: 'grant_not_allowed',
    operation: 'clients.change',
    request: asking('grantless'),
    secret: () => known('grantless'),
  },
  {
    reason: 'assertion_audience',
    operation: 'clients.change',
    request: async () => {
      const aud = `${server.issuer}/as/token.oauth2`
      const claims = claimsOf(server.issuer, 'signing', Math.floor(Date.now() / 1000), { aud, jti: randomUUID() })
      return server.token(formOf(await signWith(signer, claims), { resource: API }))
    },
    secret: () => '',
  },
]

test.each(cases)('the action of $reason, $operation, mends the request', async (one) => {
  await one.prepare?.()
  let refused: Response | undefined
  await until(async () => {
    refused = await one.request(one.secret())
    return !refused.ok && (one.status === undefined || refused.status === one.status)
  })
  const id = refused?.headers.get('x-request-id')
  await server.audit(id)
  const [explained] = (await root('GET', `/explanations?request=${id}`)).body.items
  expect(explained.reason).toBe(one.reason)
  const actions = explained.remedies.flatMap((remedy: { action?: unknown }) => remedy.action ?? [])
  const chosen = z
    .array(action)
    .parse(actions)
    .find(({ operation }) => operation === one.operation)
  if (chosen === undefined) throw new Error(`no action ${one.operation} in ${JSON.stringify(explained.remedies)}`)
  const { secret } = (await carryOut(chosen)) ?? {}
  // The server learns of the change within a second.
  const sent = typeof secret === 'string' ? secret : one.secret()
  await until(async () => (await one.request(sent)).ok)
})

test('the action about a token of another client revokes it', async () => {
  const issued = z.object({ access_token: z.string() })
  const { access_token: token } = issued.parse(await (await asking('thief')(known('thief'))).json())
  const form = new URLSearchParams({ token })
  const revoke = await fetch(`${server.issuer}/as/revoke_token.oauth2`, {
    method: 'POST',
    body: form,
    headers: basic('rare', known('rare')),
  })
  const id = revoke.headers.get('x-request-id')
  await server.audit(id)
  const [explained] = (await root('GET', `/explanations?request=${id}`)).body.items
  expect(explained.reason).toBe('not_the_clients_token')
  await carryOut(action.parse(explained.remedies[0].action))
  const { body } = await root('POST', '/lab/tokens', { body: { token } })
  expect(body.introspection.active).toBe(false)
})

test('the action for want of a signing key is a call that the API takes', async () => {
  const [, rotate] = generalRemedies.get('no_signing_key') ?? []
  await carryOut(action.parse(rotate?.action))
})

test('a client that a manifest owns is changed there, so that no action changes its settings', async () => {
  const store = await openStore(server.config.storage, systemClock)
  await giveTo(managementContext({ options: server.config, store }), 'payments', ['owned'])
  await store.close()
  await until(async () => (await root('GET', '/clients/owned')).body.status.manifest === 'payments')
  const { body } = await root('POST', '/lab/token-requests', {
    body: {
      client_id: 'owned',
      method: 'client_secret_basic',
      client_secret: known('owned'),
      scope: 'rare',
      resource: [API],
    },
  })
  expect(body.explanation.reason).toBe('scope_not_allowed')
  expect(body.explanation.remedies[0]).toMatchObject({ kind: 'client', value: expect.stringContaining('grants:') })
  expect(body.explanation.remedies[0]).not.toHaveProperty('action')
})

/** A client about which a reason can have every action, with a credential that is there. */
async function richCase(): Promise<CaseOfRefusal> {
  const { body } = await root('POST', '/clients/spare/credentials', { body: {} })
  const credential: Credential = {
    ...lifeOf(body.id, { label: body.label }),
    kind: 'secret',
    retrievable: undefined,
    hash: { kind: 'sha256', digest: '' },
  }
  return {
    ...ANY_CASE,
    client: 'spare',
    record: clientWith({ id: ClientId('spare') }),
    credentials: [{ credential, lastUsedAt: undefined }],
    detail: {
      ...{ credential: body.id, unreadable_credential: body.id, method: 'private_key_jwt', jti: randomUUID() },
      received: { thumbprint: Buffer.alloc(32, 7).toString('base64url') },
    },
  }
}

/** These can't be caused from outside in a test of this kind: their actions are carried out for a client that has no such fault. */
const otherwise = ['certificate_mismatch', 'credential_unreadable', 'sample_credential', 'secret_queue_full']

test.each(otherwise)('each action of %s is a call that the API takes', async (reason) => {
  const about = await richCase()
  const actions = adviceOn(reason)?.(about).remedies.flatMap((remedy) => remedy.action ?? []) ?? []
  expect(actions.length).toBeGreaterThan(0)
  for (const one of actions) await carryOut(action.parse(one))
})

test('no other reason has an action', async () => {
  const about = { ...(await richCase()), apis: new ApiSet([]) }
  const having = [...generalRemedies.keys()].filter((reason) =>
    adviceOn(reason)?.(about).remedies.some((remedy) => remedy.action !== undefined),
  )
  const tested = [...cases.map(({ reason }) => reason), ...otherwise, 'not_the_clients_token', 'no_signing_key']
  expect(having.filter((reason) => !tested.includes(reason))).toEqual([])
})
