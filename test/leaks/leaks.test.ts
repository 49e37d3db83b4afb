import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { apply } from '../../src/cli/apply.ts'
import { auditTail } from '../../src/cli/audit.ts'
import { backup } from '../../src/cli/backup.ts'
import { clientsList, clientsShow } from '../../src/cli/clients.ts'
import { configCheck } from '../../src/cli/config.ts'
import { addConfigOptions } from '../../src/cli/config-options.ts'
import { credentialsList } from '../../src/cli/credentials.ts'
import { explain } from '../../src/cli/explain.ts'
import { keysList } from '../../src/cli/keys.ts'
import { endpointPaths } from '../../src/oauth/endpoints.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { type RunningCommand, startTessera } from '../harness/cli.ts'
import { runCommand } from '../harness/command.ts'
import { makeProof } from '../harness/proofs.ts'
import { testConfig } from '../harness/server.ts'
import { encode, makeSigner, signWith, unsigned } from '../harness/tokens.ts'
import { findTraces, tracesOf } from './traces.ts'

/** A secret that YAML could also read as a name. */
const WORD = 'PlantedWordOfASecret'
const CHOSEN = 'Sup€r geheim/+Planted~Chosen%41'
const WRONG = 'Sup€r geheim/+Planted~Mistyped%41'
const RETRIEVABLE = 'Planted-Retrievable-Secret-0123456789abcdef'
const DATABASE_PASSWORD = 'Planted-Database-Pass:w/rd'

const signer = await makeSigner('ES256', { kid: 'own' })
const manifest = `
apis:
  - { audience: "https://api.example.com", scopes: [{ name: edit }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: open }] }
clients:
  - { client_id: chosen, scopes: [edit, open], credentials: [{ secret: ${JSON.stringify(CHOSEN)} }], introspects: all }
  - { client_id: generated, scopes: [edit], credentials: [{ label: made }] }
  - { client_id: hmac, scopes: [edit], credentials: [{ label: kept, secret: ${RETRIEVABLE}, retrievable: true }] }
  - client_id: signer
    scopes: [edit]
    credentials: [{ label: key, jwks: { keys: [${JSON.stringify(signer.publicJwk)}] } }]
  - client_id: federated
    credentials:
      - { label: ci, federated: { issuer: "https://issuer.invalid", audience: tessera, subject: robot, jwks_uri: "https://issuer.invalid/keys" } }
`

/** The planted secrets by name. In signed values, only the signature counts as secret. */
const secrets: Record<string, readonly (string | Buffer)[]> = {}
/** The same secrets in the form in which they are sent. */
const sent: Record<string, string> = {}
const plant = (name: string, value: string) => {
  sent[name] = value
  secrets[name] = value.startsWith('eyJ') ? [value, value.split('.').at(-1) ?? ''] : [value]
}

let folder: string
let issuer: string
let admin: string
let command: RunningCommand
let environment: Record<string, string>
const answers: string[] = []
const requestIds: string[] = []
/** The output of each command. */
const said: Record<string, string> = {}
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
let addresses = 0

interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Each request comes from another address, because guesses would be throttled unread. */
function send(url: string, { method = 'POST', headers = {}, body }: Sent): Promise<{ status: number; body: string }> {
  addresses += 1
  const from = `198.51.${(addresses >> 8) & 255}.${addresses & 255}`
  const all = { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': from, ...headers }
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent, headers: all }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      requestIds.push(String(response.headers['x-request-id']))
      if (!text.includes('access_token"')) answers.push(`${JSON.stringify(response.headers)}\n${text}`)
      resolve({ status: response.statusCode ?? 0, body: text })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const form = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString()
const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
const at = (path: string): string => issuer + path

async function getToken(parameters: Record<string, string>, headers: Record<string, string>): Promise<string> {
  const { status, body } = await send(at(endpointPaths.token[0]), {
    headers,
    body: form({ grant_type: 'client_credentials', ...parameters }),
  })
  expect(body).toMatch(/access_token/)
  expect(status).toBe(200)
  return (JSON.parse(body) as { access_token: string }).access_token
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const claims = (id: string, more: object = {}) => {
  const now = Math.floor(Date.now() / 1000)
  return { iss: id, sub: id, aud: issuer, jti: randomBytes(9).toString('hex'), iat: now, exp: now + 60, ...more }
}
const assertionForm = (assertion: string) => ({ client_assertion_type: JWT_BEARER, client_assertion: assertion })

/** The audit log must record these for the administrator, so that a secret that looks like a name would stay there. */
const RECORDED = ['client_id', 'scope', 'resource', 'client_assertion_type']
const PARAMETERS = ['client_secret', 'client_assertion', 'token', 'password', 'assertion', 'grant_type', ...RECORDED]
const SENT_EVERYWHERE = ['a chosen secret', 'a generated secret', 'a token', 'a sealed token', 'an assertion']
const PATHS = [
  endpointPaths.introspection[0],
  endpointPaths.revocation[0],
  endpointPaths.authorization[0],
  endpointPaths.keys[0],
]
/** These paths treat all input alike. */
const OTHER_PATHS: readonly string[] = [endpointPaths.metadata[0], endpointPaths.heartbeat[0], '/nowhere']

/** Whether its form identifies it as a secret. */
const isRecognisable = (value: string): boolean => /^(ts[sa]_|eyJ|-----BEGIN)/.test(value)

interface Planted extends Sent {
  readonly query?: string
  /** A possible chosen secret is hashed slowly everywhere, so that it is sent only once. */
  readonly isGuess?: true
}

/** Sends a secret to a path in every place of a request. */
async function plantAt(path: string, value: string): Promise<void> {
  const ascii = encodeURIComponent(value)
  const everywhere = {
    'x-api-key': ascii,
    cookie: `session=${ascii}`,
    referer: `https://app.example.com/?secret=${ascii}`,
    ...(isRecognisable(value) && { 'user-agent': `robot/1 ${value.replaceAll('\n', ' ')}` }),
  }
  // A separate request for the query, which the OAuth endpoints refuse before they read anything else.
  const query = `?client_secret=${ascii}&access_token=${ascii}&${ascii}`
  const both = { client_id: 'chosen', grant_type: 'client_credentials', scope: 'edit' }
  const authenticated = { ...everywhere, authorization: basic('chosen', CHOSEN) }
  const requests: Planted[] = [
    { method: 'GET', headers: everywhere, query },
    { headers: authenticated, body: form(both), query },
    { headers: { ...everywhere, authorization: `Bearer ${ascii}` }, body: form(both) },
    {
      headers: { ...everywhere, authorization: basic('chosen', value) },
      isGuess: true,
      body: form({ ...both, token: value }),
    },
    {
      headers: { ...everywhere, authorization: basic('nobody', value) },
      body: form({ grant_type: 'password', password: value }),
    },
    { headers: authenticated, body: form({ ...both, client_secret: value }) },
    { headers: { ...everywhere, authorization: ascii, dpop: ascii }, body: `${ascii}=${ascii}` },
    { headers: { ...authenticated, dpop: ascii }, body: form(both) },
    { headers: { ...everywhere, 'content-type': 'application/json' }, body: JSON.stringify({ secret: value }) },
    ...PARAMETERS.filter((name) => isRecognisable(value) || !RECORDED.includes(name)).map((name) => ({
      ...(name === 'client_secret' && { isGuess: true as const }),
      headers: name.startsWith('client_') ? everywhere : authenticated,
      body: form({
        ...both,
        ...(name.startsWith('client_assertion') && { client_assertion: 'x', client_assertion_type: JWT_BEARER }),
        [name]: value,
      }),
    })),
  ]
  const some = OTHER_PATHS.includes(path)
    ? requests.slice(0, 3)
    : requests.filter(({ isGuess }) => isGuess === undefined || path === endpointPaths.token[0])
  await Promise.all(some.map(({ query = '', isGuess: _, ...one }) => send(at(path) + query, one)))
}

beforeAll(async () => {
  const made = await testConfig()
  folder = made.folder
  const { config } = made
  issuer = config.issuer
  admin = `https://localhost:${config.admin.port}`
  environment = { TESSERA_STORAGE: config.storage, TESSERA_MASTER_KEY: config.masterKey.toString('base64') }
  const file = join(folder, 'manifest.yaml')
  writeFileSync(file, manifest)
  await migrateDatabase(config.storage, systemClock)
  const applied = await runCommand(environment, () => apply({ file, secretsTo: 'stdout' }))
  expect(applied.error).toBeUndefined()
  const generated = /\ttss_\S+/.exec(applied.stdout)?.[0].trim() ?? ''
  expect(generated).toMatch(/^tss_/)

  command = startTessera(['serve'], {
    ...environment,
    TESSERA_ISSUER: issuer,
    TESSERA_RUNTIME_HOST: 'localhost',
    TESSERA_RUNTIME_PORT: String(config.runtime.port),
    TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.0/8,::1',
    TESSERA_ADMIN_PORT: String(config.admin.port),
    TESSERA_TLS_CERT: inject('tls').cert,
    TESSERA_TLS_KEY: inject('tls').key,
    TESSERA_LOG_LEVEL: 'debug',
    TESSERA_SHUTDOWN_TIMEOUT: '1',
  })
  await command.printed(/health is on/)

  secrets['the master key'] = [config.masterKey, config.masterKey.toString('base64')]
  secrets['the password of the database'] = [DATABASE_PASSWORD]
  plant('a chosen secret', CHOSEN)
  plant('a mistyped secret', WRONG)
  plant('a generated secret', generated)
  plant('a retrievable secret', RETRIEVABLE)
  const proof = await makeProof(at(endpointPaths.token[0]))
  plant('a DPoP proof', proof)
  const good = { authorization: basic('chosen', CHOSEN) }
  plant('a token', await getToken({ scope: 'edit' }, good))
  plant('a sealed token', await getToken({ scope: 'open' }, good))
  await getToken({ scope: 'edit' }, { ...good, dpop: proof })
  await getToken({ client_id: 'generated', client_secret: generated }, {})
  const assertion = await signWith(signer, claims('signer'), { kid: 'own' })
  await getToken(assertionForm(assertion), {})
  plant('an assertion', assertion)
  plant('an expired assertion', await signWith(signer, claims('signer', { exp: 1, iat: 0 }), { kid: 'own' }))
  const symmetric = { alg: 'HS256', privateKey: Buffer.from(RETRIEVABLE) }
  const mac = await signWith(symmetric, claims('hmac'))
  await getToken(assertionForm(mac), {})
  plant('an assertion by a secret', mac)
  const federated = { iss: 'https://issuer.invalid', sub: 'robot', aud: 'tessera', exp: 4_102_444_800 }
  plant('a federated token', unsigned({ alg: 'RS256', kid: 'x' }, federated, encode(randomBytes(64))))
  plant(
    'a private key',
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  )

  for (const [name, value] of Object.entries(sent)) {
    await plantAt(endpointPaths.token[0], value)
    // The same code authenticates at every endpoint.
    if (!SENT_EVERYWHERE.includes(name)) continue
    for (const path of [...PATHS, ...OTHER_PATHS]) await plantAt(path, value)
  }
  const first = requestIds.slice(-20)
  for (const path of ['/metrics', '/healthz', '/readyz']) {
    const { body } = await send(`${admin}${path}`, { method: 'GET' })
    said[path] = body
  }

  const env = environment
  const run = async (name: string, work: () => Promise<void>) => {
    const { stdout, stderr, error } = await runCommand(env, work)
    said[name] = `${stdout}\n${stderr}\n${error}`
  }
  await run('audit tail', () => auditTail({ lines: '100000' }))
  await run('audit tail --json', () => auditTail({ lines: '100000', json: true }))
  for (const id of first) await run(`explain ${id}`, () => explain(id, {}))
  await run('clients list', () => clientsList({ json: true }))
  for (const id of ['chosen', 'generated', 'hmac', 'signer', 'federated']) {
    await run(`clients show ${id}`, () => clientsShow(id, {}))
    await run(`credentials list ${id}`, () => credentialsList(id, {}))
    await run(`credentials list --json ${id}`, () => credentialsList(id, { json: true }))
  }
  await run('keys list', () => keysList({ json: true, algorithm: 'ES256' }))
  await run('backup', () => backup({ to: join(folder, 'backup.db') }))
})
afterAll(async () => {
  await command.stop()
  rmSync(folder, { recursive: true })
})

test('the search finds a trace in each form, without which the other tests would prove nothing', () => {
  for (const [name, [value = '']] of Object.entries(secrets)) {
    for (const trace of tracesOf(value)) {
      expect(trace.length).toBeGreaterThanOrEqual(20)
      expect(findTraces({ [name]: [value] }, { here: Buffer.concat([Buffer.from('…'), trace]) })).toHaveLength(1)
    }
    for (const before of ['', 'i', 'id', 'id:']) {
      const held = Buffer.concat([Buffer.from(before), Buffer.from(value), Buffer.from('!')]).toString('base64')
      expect(findTraces({ [name]: [value] }, { here: held })).toHaveLength(1)
    }
  }
})

const ERRORS = [
  'invalid_client',
  'invalid_request',
  'invalid_dpop_proof',
  'invalid_scope',
  'invalid_target',
  'unsupported_grant_type',
]

const REASONS = [
  'unknown_client',
  'wrong_secret',
  'several_methods',
  'unknown_target',
  'scope_not_allowed',
  'assertion_type',
]

test('the requests had the intended effects', () => {
  expect(Object.keys(sent)).toHaveLength(12)
  expect(answers.length).toBeGreaterThan(400)
  const errors = new Set(answers.map((answer) => /"error":"(\w+)"/.exec(answer)?.[1]))
  expect([...errors]).toEqual(expect.arrayContaining(ERRORS))
  const lines = said['audit tail'] ?? ''
  const reasons = new Set(Array.from(lines.matchAll(/ reason=(\w+)/g), ([, reason]) => reason))
  expect([...reasons]).toEqual(expect.arrayContaining(REASONS))
  expect(lines.match(/client_id=\[redacted\]/)).not.toBeNull()
  expect(said['credentials list --json hmac']).toContain('kept')
})

describe('leaked-secrets: no secret is found', () => {
  test('in any answer, except the one that issues it', () => {
    expect(findTraces(secrets, { answers: answers.join('\n') })).toEqual([])
  })

  test('in the output of the server, which is new and has no administrator', () => {
    expect(findTraces(secrets, { log: command.output() })).toEqual([])
    expect(command.output()).toContain('nobody can administer this server yet')
    expect(command.output()).not.toContain('/setup#')
  })

  test('in metrics and output of commands', () => {
    expect(findTraces(secrets, said)).toEqual([])
  })

  test('in the database, its write-ahead log, and a backup', () => {
    const database = environment['TESSERA_STORAGE']?.slice('sqlite:'.length) ?? ''
    const files = [database, `${database}-wal`, join(folder, 'backup.db')]
    const places = Object.fromEntries(files.map((file) => [file, readFileSync(file)]))
    for (const place of Object.values(places)) expect(place.includes('client')).toBe(true)
    expect(findTraces(secrets, places)).toEqual([])
  })
})

test('after the server has stopped, when everything is written', async () => {
  expect(await command.stop()).toBe(0)
  const database = readFileSync(environment['TESSERA_STORAGE']?.slice('sqlite:'.length) ?? '')
  expect(database.includes('robot/1 [redacted]')).toBe(true)
  expect(findTraces(secrets, { database, log: command.output() })).toEqual([])
  const { stdout } = await runCommand(environment, () => keysList({ json: true, algorithm: 'ES256' }))
  expect(stdout).toContain('robot/1')
})

describe('messages about an invalid file contain no secret:', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' })
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const body = pem.split('\n')[1] ?? ''
  const withCredential = (credential: string) => `clients: [{ client_id: planted, credentials: [${credential}] }]`

  test.each<[string, string, readonly string[]]>([
    ['a private key in a manifest', withCredential(`{ jwks: { keys: [${JSON.stringify(jwk)}] } }`), [String(jwk.d)]],
    ['a private key in PEM', withCredential(`{ jwks: ${JSON.stringify(pem)} }`), [body]],
    ['a private key as a secret', withCredential(`{ secret: ${JSON.stringify(pem)} }`), [body]],
    ['a secret that is too long', withCredential(`{ secret: "${CHOSEN}${'x'.repeat(1_024)}" }`), [CHOSEN]],
    ['a secret beside keys', withCredential(`{ secret: "${CHOSEN}", jwks_uri: "https://a.example" }`), [CHOSEN]],
    ['a secret in the wrong field', withCredential(`{ secret_env: "${CHOSEN}" }`), [CHOSEN]],
    ['a secret that isn’t text', withCredential(`{ secret: { value: "${CHOSEN}" } }`), [CHOSEN]],
    ...['!', '&', '*', '@', '`', '%', '{', '[', '|', '>', '? ', '- ', ': '].map((start): [string, string, string[]] => [
      `a secret without quotes that begins with ${start}`,
      withCredential(`{ secret: ${start}${WORD} }`),
      [WORD],
    ]),
    ['a secret of digits', withCredential('{ secret: 0123456789 }'), ['123456789']],
    ['a secret of more digits', withCredential('{ secret: 123456789012345678 }'), ['123456789012345678']],
    ['a secret in the place of a name', withCredential(`{ secret: "${CHOSEN}", ${WORD}, ${WORD} }`), [CHOSEN]],
    ['a file that is not YAML', `clients: [{ credentials: [{ secret: "${CHOSEN}" }`, [CHOSEN]],
  ])('%s', async (_name, text, values) => {
    const file = join(folder, 'wrong.yaml')
    writeFileSync(file, text)
    const { stdout, stderr, error } = await runCommand(environment, () => apply({ file }))
    expect(error).toBeDefined()
    expect(findTraces({ planted: values }, { said: `${stdout}${stderr}${error}` })).toEqual([])
  })

  test.each<[string, Record<string, string>, string]>([
    ['an invalid master key', { TESSERA_MASTER_KEY: CHOSEN }, ''],
    ['a master key in the file', {}, `master_key: "${CHOSEN}"`],
    ['an unknown option beside it', { TESSERA_MASTER_KEY: CHOSEN, TESSERA_LOG_LEVEL: 'loud' }, ''],
    ['a database address', { TESSERA_STORAGE: `postgres://u:${DATABASE_PASSWORD}@db/x?sslmode=no` }, ''],
    ['an invalid database address', { TESSERA_STORAGE: `postgre://u:${DATABASE_PASSWORD}@db/x` }, ''],
  ])('%s', async (_name, env, text) => {
    const file = join(folder, 'wrong-config.yaml')
    writeFileSync(file, `issuer: https://auth.example.com\n${text}`)
    const command = addConfigOptions(new Command()).parse(['--config', file], { from: 'user' })
    const { stdout, stderr, error } = await runCommand(env, () => configCheck(command))
    expect(error).toBeDefined()
    expect(findTraces({ planted: [CHOSEN, DATABASE_PASSWORD] }, { said: `${stdout}${stderr}${error}` })).toEqual([])
  })
})
