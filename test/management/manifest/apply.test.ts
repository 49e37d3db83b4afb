import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase } from '../../harness/empty-database.ts'
import { newSecret } from '../../harness/model.ts'
import { runTessera } from '../../harness/program.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { A_SECOND, until } from '../../harness/until.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-apply-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

let env: { TESSERA_STORAGE: string }
let databases = 0
beforeEach(() => {
  databases += 1
  env = { TESSERA_STORAGE: emptyDatabase(join(folder, `${databases}.db`)) }
})

const apply = (manifest: string, ...args: string[]) =>
  runTessera(['apply', '-f', '-', '--secrets-to', 'stdout', ...args], env, manifest)

const API = 'apis: [{ audience: "https://api.example.com", scopes: [{ name: edit }, { name: read }] }]\n'

describe('tessera apply', () => {
  test('prints its changes, and makes none the second time', async () => {
    const manifest = `${API}clients: [{ client_id: a, scopes: [edit], credentials: [{ secret: chosen by hand }] }]`
    const first = await apply(manifest)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toBe('+ api https://api.example.com\n+ client a\n2 created, 0 updated, 0 unchanged\n')
    const second = await apply(manifest)
    expect(second.stdout).toBe('0 created, 0 updated, 2 unchanged\n')
  })

  test('--dry-run prints the plan and writes nothing', async () => {
    const planned = await apply(API, '--dry-run')
    expect(planned.stdout).toBe(
      '+ api https://api.example.com\n1 to create, 0 to update, 0 unchanged; nothing was written\n',
    )
    expect((await apply(API, '--dry-run')).stdout).toBe(planned.stdout)
  })

  test('names the fields that an update changes, and keeps those that the manifest leaves out', async () => {
    await apply(`${API}clients: [{ client_id: a, scopes: [edit] }, { client_id: b, scopes: [edit] }]`)
    const manifest = 'clients: [{ client_id: a, name: A, scopes: [read], token: { lifetime: 60 } }]'
    const changed = await apply(manifest, '--allow-destroy')
    expect(changed.stdout).toBe(`~ client a: name, scopes, token.lifetime
    name: none → "A"
    scopes: ["edit"] → ["read"]
    token.lifetime: none → 60
- scope edit at https://api.example.com: a can't have it any more
0 created, 1 updated, 0 unchanged, 1 loss
`)
    expect((await apply('clients: [{ client_id: b, scopes: [edit] }]')).stdout).toContain('1 unchanged')
  })

  test('a generated secret is printed once, and stays the same', async () => {
    const manifest = `${API}clients: [{ client_id: a, scopes: [edit], credentials: [{ label: main }] }]`
    const first = await apply(manifest)
    expect(first.stdout).toMatch(/^a\tmain\ttss_[0-9A-Za-z]{49}$/m)
    expect(first.stderr).toContain('They follow the plan, and are shown only once:')
    const second = await apply(manifest)
    expect(second.stdout).toBe('0 created, 0 updated, 2 unchanged\n')
    expect((await apply(manifest, '--dry-run')).stdout).not.toContain('tss_')
  })

  test('--json', async () => {
    const { stdout } = await apply(`${API}clients: [{ client_id: a, credentials: [{ label: main }] }]`, '--json')
    expect(JSON.parse(stdout)).toEqual({
      dry_run: false,
      steps: [
        { action: 'create', kind: 'api', id: 'https://api.example.com', changes: [] },
        { action: 'create', kind: 'client', id: 'a', changes: [] },
      ],
      losses: [],
      conflicts: [],
      tests: [],
      warnings: [],
      generated: [{ client_id: 'a', label: 'main', secret: expect.stringMatching(/^tss_/) }],
    })
  })

  test('reads a file', async () => {
    const file = join(folder, 'manifest.yaml')
    writeFileSync(file, API)
    expect((await runTessera(['apply', '-f', file], env)).stdout).toContain('+ api')
    expect(await runTessera(['apply', '-f', '/nothing.yaml'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nothing.yaml'),
    })
  })
})

describe('an error names file, line and field, and nothing is written', () => {
  const cases: [string, string, string][] = [
    [
      'an unknown field',
      'clients:\n  - client_id: a\n    scopess: [x]\n',
      'standard input:3: clients[0].scopess: this version knows no such field',
    ],
    [
      'a section of later versions',
      'clients:\n  - client_id: a\n    quota: { per_minute: 5 }\n',
      'standard input:3: clients[0].quota: ',
    ],
    [
      'a format of later versions',
      'apis:\n  - audience: https://a\n    token: { encrypted: true }\n',
      'standard input:3: apis[0].token.encrypted: ',
    ],
    [
      'a scope of no API',
      'clients:\n  - client_id: a\n    scopes:\n      - edit\n      - nowhere\n',
      'standard input:5: clients[0].scopes[1]: no API has the scope "nowhere"',
    ],
    [
      'a default that is not among the scopes',
      'clients:\n  - client_id: a\n    scopes: [edit]\n    default_scopes: [read]\n',
      'standard input:4: clients[0].default_scopes[0]: "read" is not among',
    ],
    [
      'a relative audience',
      'apis:\n  - audience: /api\n',
      'standard input:2: apis[0].audience: must be an absolute URI',
    ],
    [
      'an audience with a fragment',
      'apis:\n  - audience: https://a#b\n',
      'standard input:2: apis[0].audience: must be an absolute URI',
    ],
    [
      'a lifetime that is text',
      'apis:\n  - audience: https://a\n    token:\n      lifetime: long\n',
      'standard input:4: apis[0].token.lifetime: ',
    ],
    [
      'a bad time',
      'clients:\n  - client_id: a\n    credentials: [{ secret: x, expires: tomorrow }]\n',
      'standard input:3: clients[0].credentials[0].expires: must be a time',
    ],
    [
      'two kinds of secret',
      'clients:\n  - client_id: a\n    credentials: [{ secret: x, secret_env: Y }]\n',
      'clients[0].credentials[0].secret_env: give secret or secret_env',
    ],
    [
      'a missing variable',
      'clients:\n  - client_id: a\n    credentials: [{ secret_env: NOT_THERE }]\n',
      'standard input:3: clients[0].credentials[0].secret_env: the environment has no NOT_THERE',
    ],
    [
      'two credentials without a label',
      'clients:\n  - client_id: a\n    credentials: [{ secret: x }, { secret: y }]\n',
      'standard input:3: clients[0].credentials[1]',
    ],
    [
      'a client twice',
      'clients:\n  - client_id: a\n  - client_id: a\n',
      'standard input:3: clients[1].client_id: the client "a" is listed twice',
    ],
    [
      'an unknown grant',
      'clients:\n  - client_id: a\n    grant_types: [password]\n',
      'standard input:3: clients[0].grant_types[0]: ',
    ],
    [
      'a control character',
      'clients:\n  - client_id: "a\\u0000"\n',
      'standard input:2: clients[0].client_id: must not hold control characters',
    ],
    ['broken YAML', 'clients:\n  - client_id: [a\n', 'standard input:'],
    ['a list', '- 1\n', 'standard input:1: '],
  ]
  test.each(cases)('%s', async (_name, manifest, message) => {
    await apply(API)
    const good = manifest.startsWith('clients') ? '' : API.replace('api.example.com', 'other.example.com')
    const outcome = await apply(
      manifest.startsWith('apis') || manifest.startsWith('-') ? manifest : `${manifest}${good}`,
    )
    expect(outcome.code).toBe(1)
    // The column after the line is left out here.
    expect(outcome.stderr.replaceAll(/(:\d+):\d+: /g, '$1: ')).toContain(message)
    expect(outcome.stderr.trim().split('\n')).toHaveLength(1)
    expect((await apply(API)).stdout).toBe('0 created, 0 updated, 1 unchanged\n')
    expect((await apply('clients: [{ client_id: a }]', '--dry-run')).stdout).toContain('+ client a')
  })
})

describe('while a server runs on the same data', () => {
  const SECRET = newSecret()
  const OTHER = newSecret()
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ manifest: API })
  })
  afterAll(() => server.stop())

  const ask = (secret: string) => server.token({ grant_type: 'client_credentials' }, basic('live', secret))

  /** Milliseconds until the server answers with this status. */
  const untilStatus = (status: number, secret: string): Promise<number> =>
    until(async () => (await ask(secret)).status === status)

  test('a client that another process creates, changes and removes is served accordingly within a second', async () => {
    const use = (manifest: string, env: Record<string, string> = {}) =>
      runTessera(['apply', '-f', '-', '--allow-destroy'], { TESSERA_STORAGE: server.config.storage, ...env }, manifest)

    expect((await ask(SECRET)).status).toBe(401)
    const both =
      'clients: [{ client_id: live, scopes: [edit], credentials: [{ label: a, secret_env: A }, { label: b, secret_env: B }] }]'
    expect((await use(both, { A: SECRET, B: OTHER })).code).toBe(0)
    expect(await untilStatus(200, SECRET)).toBeLessThan(A_SECOND)
    expect((await ask(OTHER)).status).toBe(200)

    expect(
      (
        await use('clients: [{ client_id: live, scopes: [edit], credentials: [{ label: b, secret_env: B }] }]', {
          B: OTHER,
        })
      ).code,
    ).toBe(0)
    expect(await untilStatus(401, SECRET)).toBeLessThan(A_SECOND)
    expect((await ask(OTHER)).status).toBe(200)

    expect(
      (
        await use(
          'clients: [{ client_id: live, enabled: false, scopes: [edit], credentials: [{ label: b, secret_env: B }] }]',
          { B: OTHER },
        )
      ).code,
    ).toBe(0)
    expect(await untilStatus(401, OTHER)).toBeLessThan(A_SECOND)
  })

  test('an application is recorded', async () => {
    const events = await server.audit()
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'manifest.apply', detail: { apis: [], clients: ['live'], allowDestroy: true } }),
    )
  })
})

describe('several files', () => {
  const write = (name: string, content: string) => {
    const file = join(folder, name)
    writeFileSync(file, content)
    return file
  }
  const applyFiles = (...files: string[]) =>
    runTessera(['apply', ...files.flatMap((file) => ['-f', file])], env, 'clients: [{ client_id: piped }]')

  test('are one manifest: a client may refer to an API of another file, before or after it', async () => {
    const api = write('api.yaml', API)
    const client = write('client.yaml', 'clients:\n  - { client_id: a, scopes: [edit] }\n')
    const { code, stdout } = await applyFiles(client, api, '-')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '+ api https://api.example.com\n+ client a\n+ client piped\n3 created, 0 updated, 0 unchanged\n',
    })
  })

  test('an error names its file and the place in it', async () => {
    const api = write('api.yaml', API)
    const one = write('one.yaml', 'clients:\n  - { client_id: a, scopes: [edit] }\n')
    const other = write(
      'other.yaml',
      'clients:\n  - { client_id: b, scopes: [edit] }\n  - { client_id: c, scopes: [nowhere] }\n',
    )
    expect((await applyFiles(api, one, other)).stderr).toContain(
      `${other}:3:30: clients[1].scopes[0]: no API has the scope "nowhere"`,
    )
  })

  test('a name in two files is refused, and so is a repeated file', async () => {
    const one = write('one.yaml', 'clients:\n  - { client_id: a }\n')
    const other = write('other.yaml', '# here, too\nclients:\n  - { client_id: a }\n')
    expect((await applyFiles(one, other)).stderr).toBe(
      `tessera: ${other}:3:7: clients[0].client_id: the client "a" is listed twice, first in ${one}:2\n`,
    )
    expect((await applyFiles(one, one)).stderr).toContain('is listed twice')
  })

  test('the errors of all files are reported at once', async () => {
    const one = write('one.yaml', 'clients: [{ name: a }]')
    const other = write('other.yaml', 'clients: [')
    expect((await applyFiles(one, other)).stderr).toMatch(
      /^tessera: 2 mistakes:\n {2}.*one\.yaml:1:\d+: .*\n {2}.*other\.yaml:1:/,
    )
  })
})
