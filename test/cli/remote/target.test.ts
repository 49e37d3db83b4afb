import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { operations } from '../../../src/admin/operations/operations.ts'
import { REMOTE } from '../../../src/cli/global-options.ts'
import { type Permission, permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator } from '../../harness/admin.ts'
import { commandsOf, type Printed, runTessera } from '../../harness/program.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { type Source, startSource } from '../../harness/source.ts'
import { until } from '../../harness/until.ts'

const clients = ['alpha', 'omega'].map(
  (place) => `
  - client_id: job-${place}
    name: Job
    owner: team-a
    grants: [{ api: "https://api.example.com", scopes: [read] }]
    tags: [nightly]
    credentials: [{ label: first }]`,
)

let server: TestServer
let folder: string
let local: Record<string, string>
let remote: Record<string, string>
const SECRET_FILE = 'root.secret'

beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: https://api.example.com, scopes: [{ name: read }] }
  - { audience: https://alpha.example.com, name: One, owner: team-a }
  - { audience: https://omega.example.com, name: One, owner: team-a }
clients:${administrator('root', permissionNames)}${administrator('reader', ['clients:read'])}${administrator('member', ['groups:act'])}${clients.join('')}
`,
  })
  folder = mkdtempSync(join(tmpdir(), 'tessera-target-'))
  writeFileSync(join(folder, SECRET_FILE), 'secret of root')
  writeFileSync(join(folder, 'group.yaml'), 'members: [{ kind: client, id: job-alpha, permissions: [view] }]')
  for (const place of ['alpha', 'omega'])
    writeFileSync(
      join(folder, `${place}.yaml`),
      `clients: [{ client_id: applied-${place}, owner: team-a, credentials: [{ label: made }] }]`,
    )
  writeFileSync(join(folder, 'empty.yaml'), 'clients: []')
  writeFileSync(join(folder, 'other.yaml'), 'clients: [{ client_id: reader, name: other }, { client_id: nobody }]')
  writeFileSync(join(folder, 'wrong.yaml'), 'clients: [{ client_id: a, nothing: 1 }]')
  writeFileSync(join(folder, 'reader.secret'), 'secret of reader')
  local = {
    TESSERA_STORAGE: server.config.storage,
    TESSERA_MASTER_KEY: server.config.masterKey.toString('base64'),
    XDG_CONFIG_HOME: join(folder, 'none'),
  }
  remote = { XDG_CONFIG_HOME: join(folder, 'config') }
  await logIn('root', 'root')
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function logIn(client: string, profile: string, env = remote): Promise<Printed> {
  const printed = await runTessera(
    [
      'login',
      server.admin,
      '--profile',
      profile,
      '--client-id',
      client,
      '--issuer',
      server.issuer,
      '--secret-file',
      join(folder, `${client}.secret`),
    ],
    env,
  )
  expect(printed).toMatchObject({ code: 0, stdout: '' })
  return printed
}

/** Output without that which is different each time. */
const settled = ({ code, ...printed }: Printed) => ({
  code,
  stdout: settledText(printed.stdout),
  stderr: settledText(printed.stderr),
})

const settledText = (text: string): string =>
  text
    .replace(/alpha|omega/g, 'PLACE')
    .replace(/tss_\w+/g, 'SECRET')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/("?hint"?: ?)("?)\w+\2/g, '$1$2HINT$2')
    .replace(/…\w{4}\b/g, '…HINT')
    .replace(/(is_this"?: ?)(?:true|false)/, '$1THIS')
    .replace(/ +/g, ' ')

/** A command line for each command that has an operation, in an order in which each finds its things. */
const lines: readonly (readonly [string, number, (place: string) => readonly string[]])[] = [
  ['apis list', 0, () => []],
  ['apis list', 0, () => ['--search', 'https://', '--owner', 'team-a', '--sort', 'name', '--reverse']],
  ['apis show', 0, () => ['https://api.example.com']],
  ['apis show', 3, () => ['https://nothing.example.com']],
  ['apis delete', 4, (place) => [`https://${place}.example.com`]],
  ['apis delete', 0, (place) => [`https://${place}.example.com`, '--yes']],
  ['apis delete', 3, (place) => [`https://${place}.example.com`, '--yes', '--with-grants']],
  ['groups put', 0, (place) => [`g-${place}`, '-f', join(folder, 'group.yaml')]],
  ['groups put', 0, (place) => [`g-${place}`, '-f', join(folder, 'group.yaml')]],
  ['groups put', 1, (place) => [`g-${place}`, '-f', SECRET_FILE]],
  ['groups show', 0, (place) => [`g-${place}`]],
  ['groups show', 3, () => ['nobody']],
  ['groups list', 0, () => []],
  ['nodes list', 0, () => []],
  ['groups delete', 4, (place) => [`g-${place}`]],
  ['groups delete', 0, (place) => [`g-${place}`, '--yes']],
  ['groups delete', 3, (place) => [`g-${place}`, '--yes']],
  ['clients list', 0, () => ['--search', 'job-']],
  ['clients list', 0, () => ['--search', 'job-', '--owner', 'team-a', '--owner', 'team-b', '--sort', 'name']],
  ['clients list', 0, () => ['--no-owner', '--search', 'reader']],
  ['clients list', 2, () => ['--no-owner', '--owner', 'team-a']],
  ['clients list', 2, () => ['--unused', '12h']],
  ['clients show', 0, (place) => [`job-${place}`]],
  ['clients show', 3, () => ['nobody']],
  ['clients create', 2, (place) => [`new-${place}`]],
  ['clients create', 0, (place) => [`new-${place}`, '--secrets-to', 'stdout']],
  ['clients create', 5, (place) => [`new-${place}`, '--secrets-to', 'stdout']],
  ['clients disable', 4, (place) => [`job-${place}`]],
  ['clients disable', 0, (place) => [`job-${place}`, '--yes']],
  ['clients enable', 0, (place) => [`job-${place}`]],
  ['credentials list', 0, (place) => [`job-${place}`]],
  ['credentials list', 0, () => ['--owner', 'team-a', '--state', 'valid', '--sort', 'created']],
  ['credentials list', 0, (place) => [`job-${place}`, '--unused', '0d', '--state', 'valid']],
  [
    'credentials add',
    0,
    (place) => [`job-${place}`, '--label', 'third', '--expires', '2099-01-01T00:00:00Z', '--secrets-to', 'stdout'],
  ],
  ['credentials add', 1, (place) => [`job-${place}`, '--label', 'x'.repeat(129), '--secrets-to', 'stdout']],
  [
    'credentials rotate',
    0,
    (place) => [`job-${place}`, 'third', '--label', 'fourth', '--overlap', '1h', '--secrets-to', 'stdout'],
  ],
  ['credentials rotate', 1, (place) => [`job-${place}`, '--secrets-to', 'stdout']],
  ['credentials cancel', 0, (place) => [`job-${place}`, 'fourth', '--yes']],
  ['credentials label', 0, (place) => [`job-${place}`, 'third', 'fifth']],
  ['credentials revoke', 0, (place) => [`job-${place}`, 'fifth', '--yes']],
  ['credentials revoke', 5, (place) => [`job-${place}`, 'fifth', '--yes']],
  ['credentials remove', 0, (place) => [`job-${place}`, 'fifth', '--yes']],
  ['keys list', 0, () => []],
  ['keys rollback', 5, () => ['-a', 'RS256']],
  ['keys rotate', 0, () => ['-a', 'PS256']],
  ['keys revoke', 3, () => ['nothing', '--yes']],
  ['revoke', 0, (place) => ['--client', `job-${place}`, '--yes']],
  ['revoke', 4, () => ['--api', 'https://api.example.com']],
  ['revoke', 3, () => ['--key', 'nothing', '--yes']],
  ['revocations list', 0, () => []],
  ['plan', 0, (place) => ['-f', join(folder, `${place}.yaml`)]],
  ['plan', 2, (place) => ['-f', join(folder, `${place}.yaml`), '--detailed-exitcode']],
  ['apply', 0, (place) => ['-f', join(folder, `${place}.yaml`), '--dry-run']],
  [
    'apply',
    0,
    (place) => ['-f', join(folder, `${place}.yaml`), '-f', join(folder, 'empty.yaml'), '--secrets-to', 'stdout'],
  ],
  ['apply', 0, (place) => ['-f', join(folder, `${place}.yaml`), '--json']],
  ['plan', 0, (place) => ['-f', join(folder, `${place}.yaml`)]],
  ['diff', 0, (place) => ['-f', join(folder, `${place}.yaml`)]],
  ['diff', 2, () => ['-f', join(folder, 'other.yaml')]],
  ['diff', 1, () => ['-f', join(folder, 'wrong.yaml')]],
  ['apply', 1, () => ['-f', join(folder, 'wrong.yaml')]],
  ['export', 0, () => []],
  ['export', 0, (place) => ['--client', `job-${place}`, '--api', 'https://api.example.com']],
  ['export', 3, () => ['--client', 'nobody']],
  ['export', 3, () => ['--owner', 'nobody']],
  ['export', 2, () => ['--owner', 'team-a', '--client', 'x']],
  ['usage', 0, (place) => ['--client', `job-${place}`]],
  ['usage', 0, () => ['--wasteful', '--by', 'hour']],
  ['usage', 3, () => ['--client', 'nobody']],
  ['audit list', 0, () => ['--owner', 'team-a', '--type', 'client.change', '--since', '1d']],
  ['audit list', 0, () => ['--client', 'nobody', '--client', 'nobody-else']],
  ['audit list', 2, () => ['--cursor', 'x']],
  ['audit tail', 0, () => ['-n', '3', '--client', 'root']],
  ['explain', 0, () => ['--client', 'root']],
  ['explain', 3, (place) => ['--client', `job-${place}`]],
  ['explain', 3, () => ['01890000-0000-7000-8000-000000000000']],
  ['explain', 3, () => ['00-4bfa2f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01']],
  ['clients delete', 4, (place) => [`job-${place}`]],
  ['clients delete', 0, (place) => [`job-${place}`, '--yes']],
  ['clients delete', 3, (place) => [`job-${place}`, '--yes']],
]

/** Commands that change something. They run once, so that both places are in the same state. */
const CHANGES = /create|enable|disable|add|rotate|cancel|label|revoke|remove|put|delete|apply/

test('the lines have each command that works on a server, and each of those has an operation', () => {
  expect([...new Set(lines.map(([words]) => words))].toSorted()).toEqual([...REMOTE].toSorted())
  const known = new Set(operations.flatMap(({ commands }) => commands))
  expect([...REMOTE].filter((words) => !known.has(words))).toEqual([])
})

test('each command that an operation names exists', () => {
  const commands = new Set(commandsOf().keys())
  const named = operations.flatMap(({ commands }) => commands)
  expect(named.filter((words) => !commands.has(words))).toEqual([])
})

/** Runs a command line on the database, and on the server. */
async function both(words: string, args: (place: string) => readonly string[], more: readonly string[] = []) {
  const run = (place: string, env: Record<string, string>) =>
    runTessera([...words.split(' '), ...args(place), ...more], env)
  return [settled(await run('alpha', local)), settled(await run('omega', remote))] as const
}

describe('a command prints the same on a database and on a server', () => {
  test.each(lines)('%s (%d)', async (words, code, args) => {
    // The second rotation within a moment would find another state.
    if (words === 'keys rotate') {
      const { stdout, ...printed } = await runTessera([...words.split(' '), ...args('omega')], remote)
      expect(printed).toEqual({ code, stderr: '' })
      expect(stdout).toMatch(/^KEY +ALGORITHM +STATE/)
      return
    }
    const hasForms = commandsOf()
      .get(words)
      ?.options.some(({ long }) => long === '--json')
    const forms = CHANGES.test(words) || !hasForms ? [[]] : [[], ['--json'], ['--output', 'yaml']]
    for (const form of forms) {
      const [here, there] = await both(words, args, form)
      expect(there).toEqual(here)
      expect(here.code).toBe(code)
      expect(here).not.toMatchObject({ stdout: '', stderr: '' })
    }
  })

  test('a reason of a change is in the audit log, in any script', async () => {
    for (const [place, env] of [
      ['alpha', local],
      ['omega', remote],
    ] as const) {
      const reason = `OPS-7: größer für ${place}`
      expect(await runTessera(['clients', 'enable', `new-${place}`, '--reason', reason], env)).toMatchObject({
        code: 0,
      })
      await runTessera(['clients', 'disable', `new-${place}`, '--yes', '--reason', reason], env)
      const { stdout } = await runTessera(['audit', 'tail', '-n', '1', '--client', `new-${place}`, '--json'], env)
      expect(JSON.parse(stdout)).toMatchObject({ type: 'client.change', detail: { stated_reason: reason } })
      const wrong = await runTessera(['clients', 'enable', `new-${place}`, '--reason', 'x'.repeat(513)], env)
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('it may have 512') })
    }
  })

  test('a list goes on at its cursor', async () => {
    for (const env of [local, remote]) {
      const list = async (...args: string[]) =>
        JSON.parse((await runTessera(['audit', 'list', '-n', '2', '--since', '7d', '--json', ...args], env)).stdout)
      const { events, next_cursor: cursor } = await list()
      const { events: more } = await list('--cursor', cursor)
      expect(more).toHaveLength(2)
      expect(more[0].seq).toBeLessThan(events[1].seq)
    }
  })

  test('a new secret as JSON', async () => {
    const [here, there] = await both(
      'credentials add',
      (place) => [`new-${place}`, '--label', 'json', '--secrets-to', 'stdout'],
      ['--json'],
    )
    expect(there).toEqual(here)
    expect(JSON.parse(here.stdout)).toMatchObject({ label: 'json', kind: 'secret', secret: 'SECRET' })
  })
})

describe('the target', () => {
  const list = (args: readonly string[], env: Record<string, string> = {}) =>
    runTessera(['keys', 'list', ...args], { ...remote, ...env })
  const ON_SERVER = { code: 0, stderr: '' }

  test.each<[string, () => readonly string[], () => Record<string, string>]>([
    ['the current profile', () => [], () => ({})],
    ['a profile', () => ['--profile', 'root'], () => ({})],
    ['a profile of the environment', () => [], () => ({ TESSERA_PROFILE: 'root' })],
    ['a server with a profile', () => ['--server', server.admin], () => ({})],
    ['a server of the environment', () => [], () => ({ TESSERA_SERVER: server.admin })],
    ['an option before the environment', () => ['--profile', 'root'], () => ({ TESSERA_CONFIG: '/nothing.yaml' })],
  ])('is %s', async (_name, args, env) => {
    expect(await list(args(), env())).toMatchObject(ON_SERVER)
  })

  test('is a database that the environment names, before the current profile', async () => {
    expect(await list([], { TESSERA_CONFIG: '/nothing.yaml' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nothing.yaml'),
    })
    expect((await list(['-c', '/nothing.yaml'], { TESSERA_SERVER: server.admin })).stderr).toContain('/nothing.yaml')
  })

  test.each<[string, () => readonly string[], () => Record<string, string>, RegExp]>([
    ['two options', () => ['-c', 'a', '--server', server.admin], () => ({}), /give --config or --server, not both/],
    ['two variables', () => [], () => ({ TESSERA_CONFIG: 'a', TESSERA_PROFILE: 'root' }), /not both/],
    ['a profile of another server', () => ['--profile', 'root', '--server', 'https://x'], () => ({}), /another server/],
    ['plain HTTP', () => ['--server', 'http://tessera.example.com'], () => ({}), /must be an address/],
    ['a path', () => ['--server', `${server.admin}/x`], () => ({}), /nothing else/],
    ['a password', () => ['--server', 'https://a:b@localhost'], () => ({}), /nothing else/],
    ['a profile with a path for a name', () => ['--profile', '../root'], () => ({}), /the name of a profile must be/],
  ])('is refused: %s', async (_name, args, env, message) => {
    const { code, stdout, stderr } = await list(args(), env())
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('without a log-in, the error names the ways to get one', async () => {
    expect(await list(['--server', 'https://other.example.com'])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/run tessera login https:\/\/other\.example\.com, or set TESSERA_TOKEN/),
    })
    expect(await list(['--server', server.admin], { TESSERA_TOKEN: 'wrong' })).toMatchObject({ code: 4 })
    expect(await list(['--profile', 'nobody'])).toMatchObject({ code: 3 })
  })

  test('a command of this machine takes no server', async () => {
    expect(await runTessera(['--server', server.admin, 'storage', 'migrate'], remote)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('works on this machine only'),
    })
  })

  test('a command of this machine refuses a server of the environment, unless a database is named', async () => {
    const env = { ...local, TESSERA_SERVER: server.admin }
    expect(await runTessera(['storage', 'migrate'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('works on this machine only'),
    })
    const file = join(folder, 'here.yaml')
    writeFileSync(file, 'log: { level: info }')
    expect(await runTessera(['audit', 'export', '--to', '-', '-c', file], env)).toMatchObject({ code: 0 })
  })

  test('a client can do only what it was granted', async () => {
    await logIn('reader', 'reader')
    await runTessera(['profiles', 'use', 'root'], remote)
    expect(await runTessera(['clients', 'show', 'new-omega', '--profile', 'reader'], remote)).toMatchObject({ code: 0 })
    expect(await list(['--profile', 'reader'])).toMatchObject({ code: 4, stderr: expect.stringContaining('keys:read') })
  })
})

describe('a token never goes elsewhere', () => {
  const { cert, key } = inject('tls')
  let asked: string[] = []
  let source: Source
  let answer: { status: number; headers: Record<string, string>; body: string }
  beforeAll(async () => {
    source = await startSource(
      { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
      (request, response) => {
        asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'no token'}`)
        response.writeHead(answer.status, answer.headers).end(answer.body)
      },
    )
  })
  afterAll(() => source.stop())
  beforeEach(() => {
    asked = []
  })
  const list = () =>
    runTessera(['keys', 'list', '--server', new URL(source.url('')).origin], { ...remote, TESSERA_TOKEN: 'the-token' })

  test.each([301, 302, 307, 308])('after a redirect with %d', async (status) => {
    answer = { status, headers: { location: `${server.admin}/api/v1/keys` }, body: '' }
    const { code, stderr } = await list()
    expect(code).toBe(1)
    expect(stderr).toContain('sends requests elsewhere')
    expect(stderr).not.toContain('the-token')
    expect(asked).toEqual(['GET /api/v1/keys Bearer the-token'])
  })

  test.each([
    ['no JSON', '<p>hello', /no admin listener of Tessera/],
    ['nothing', '', /no admin listener of Tessera/],
    [
      'an OAuth error',
      '{"error":"invalid_request"}',
      /no admin listener of Tessera, which has a port of its own, 9999/,
    ],
  ])('an answer of %s is explained', async (_name, body, message) => {
    answer = { status: 404, headers: {}, body }
    expect((await list()).stderr).toMatch(message)
  })

  test('an answer of another form is explained', async () => {
    answer = { status: 200, headers: {}, body: '{"items":[{"kid":5}]}' }
    expect((await list()).stderr).toMatch(/in a form that this version does not know/)
  })
})

test.each(['local', 'remote'] as const)('a client that exists is not created again: %s', async (place) => {
  const args = ['clients', 'create', 'reader', '--secrets-to', 'stdout']
  expect(await runTessera(args, place === 'local' ? local : remote)).toEqual({
    code: 5,
    stdout: '',
    stderr: 'tessera: there is one of this name already: change that one, or choose another name\n',
  })
})

describe('a profile', () => {
  const config = () => join(remote['XDG_CONFIG_HOME'] ?? '', 'tessera')

  test('is a file that only its owner can read, in such a folder', () => {
    expect(statSync(config()).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(config())) expect(statSync(join(config(), file)).mode & 0o777).toBe(0o600)
    expect(readdirSync(config()).toSorted()).toContain('root.json')
    expect(readFileSync(join(config(), 'root.json'), 'utf8')).not.toContain('secret of root')
  })

  test.each([0o640, 0o604, 0o660])('is not used if its mode is %o', async (mode) => {
    chmodSync(join(config(), 'root.json'), mode)
    const { code, stderr } = await runTessera(['keys', 'list', '--profile', 'root'], remote)
    chmodSync(join(config(), 'root.json'), 0o600)
    expect(code).toBe(1)
    expect(stderr).toContain('others can read it: run chmod 600')
  })

  test('is listed without its token, used and deleted', async () => {
    await logIn('root', 'other')
    const { stdout } = await runTessera(['profiles', 'list', '--json'], remote)
    const token = JSON.parse(readFileSync(join(config(), 'other.json'), 'utf8')).login.token.value
    expect(stdout).not.toContain(token)
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ name: 'other', current: true, server: server.admin, login: 'client', who: 'root' }),
    )
    expect(await runTessera(['profiles', 'use', 'root'], remote)).toMatchObject({ code: 0 })
    expect((await runTessera(['whoami'], remote)).stdout).toBe(
      `client root at ${server.admin} (profile root)\npermissions: ${permissionNames.filter((name) => name !== 'groups:act').join(' ')}\n`,
    )
    expect(await runTessera(['profiles', 'delete', 'other'], remote)).toMatchObject({ code: 0 })
    expect(await runTessera(['profiles', 'use', 'other'], remote)).toMatchObject({ code: 3 })
    await logIn('root', 'another')
    expect(await runTessera(['logout'], remote)).toMatchObject({ code: 0 })
    expect(readdirSync(config())).not.toContain('another.json')
    await runTessera(['profiles', 'use', 'root'], remote)
  })

  test('whoami names the caller on whose behalf commands act, and what it may do in groups', async () => {
    const members = { members: [{ kind: 'client', id: 'member', permissions: ['view', 'rotate'] }] }
    const group = join(folder, 'team.yaml')
    writeFileSync(group, JSON.stringify(members))
    expect(await runTessera(['groups', 'put', 'team', '-f', group], local)).toMatchObject({ code: 0 })
    writeFileSync(join(folder, 'member.secret'), 'secret of member')
    await logIn('member', 'member')
    const within = 'permissions: none\nover what team owns: view rotate\n'
    const who = async (args: readonly string[], env: Record<string, string> = {}) =>
      (await runTessera(['whoami', ...args], { ...remote, ...env })).stdout
    expect(await who([])).toBe(`client member at ${server.admin} (profile member)\n${within}`)
    const { token } = JSON.parse(readFileSync(join(config(), 'member.json'), 'utf8')).login
    await runTessera(['profiles', 'delete', 'member'], remote)
    await runTessera(['profiles', 'use', 'root'], remote)
    const given = { TESSERA_SERVER: server.admin, TESSERA_TOKEN: token.value }
    expect(await who([], given)).toBe(`client member at ${server.admin} (TESSERA_TOKEN)\n${within}`)
    expect(await who(['--server', server.admin], { TESSERA_TOKEN: token.value })).toContain('client member')
    expect(await who(['--profile', 'root'], given)).toContain('(profile root)')
    expect(JSON.parse(await who(['--json'], given))).toMatchObject({ groups: [{ name: 'team' }] })
    await runTessera(['groups', 'delete', 'team', '--yes'], local)
  })

  test('gets another token when the first one has expired', async () => {
    const path = join(config(), 'root.json')
    const profile = JSON.parse(readFileSync(path, 'utf8'))
    profile.login.token = { value: 'expired', expires: '2020-01-01T00:00:00Z' }
    writeFileSync(path, JSON.stringify(profile))
    expect(await runTessera(['keys', 'list', '--profile', 'root'], remote)).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(path, 'utf8')).login.token.value).not.toBe('expired')
  })

  test('gets another token when the kept one is older than a permission', async () => {
    const grow = async (permissions: readonly Permission[]) => {
      const file = join(folder, 'grown.yaml')
      writeFileSync(file, `clients:${administrator('grown', permissions)}`)
      expect(await runTessera(['apply', '-f', file], local)).toMatchObject({ code: 0 })
    }
    const keys = () => runTessera(['keys', 'list', '--profile', 'grown'], remote)
    writeFileSync(join(folder, 'grown.secret'), 'secret of grown')
    await grow(['clients:read'])
    await logIn('grown', 'grown')
    expect(await keys()).toMatchObject({ code: 4, stderr: expect.stringContaining('keys:read') })
    await grow(['clients:read', 'keys:read'])
    await until(async () => (await keys()).code === 0)
    await runTessera(['profiles', 'delete', 'grown'], remote)
    await runTessera(['profiles', 'use', 'root'], remote)
    await runTessera(['clients', 'delete', 'grown', '--yes'], local)
  })

  test('of a person says when the log-in has expired', async () => {
    const token = { value: 'expired', expires: '2020-01-01T00:00:00Z' }
    const profile = { server: server.admin, login: { kind: 'person', name: 'anna', token } }
    writeFileSync(join(config(), 'anna.json'), JSON.stringify(profile), { mode: 0o600 })
    expect(await runTessera(['keys', 'list', '--profile', 'anna'], remote)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`the log-in at ${server.admin} has expired: run tessera login`),
    })
    rmSync(join(config(), 'anna.json'))
  })
})
