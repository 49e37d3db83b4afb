import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { parse } from 'yaml'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { standardOutput } from '../../../src/platform/standard-streams.ts'
import { openStore } from '../../../src/store/open.ts'
import { administrator } from '../../harness/admin.ts'
import { COMPILE_CACHE } from '../../harness/cli.ts'
import { newSecret } from '../../harness/model.ts'
import { type Printed, runTessera } from '../../harness/program.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'

/** Everything that a command generates: secrets, and the tokens of links. */
const GENERATED = /tss_[0-9A-Za-z]{20,}|#[0-9A-Za-z]{43}/

let server: TestServer
let folder: string
let local: Record<string, string>
let remote: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({ manifest: `clients:${administrator('root', permissionNames)}` })
  folder = mkdtempSync(join(tmpdir(), 'tessera-places-'))
  const at = (name: string) => join(folder, name)
  local = {
    TESSERA_STORAGE: server.config.storage,
    TESSERA_MASTER_KEY: server.config.masterKey.toString('base64'),
    XDG_CONFIG_HOME: at('none'),
  }
  remote = { XDG_CONFIG_HOME: at('config') }
  writeFileSync(at('root.secret'), 'secret of root')
  const login = ['login', server.admin, '--client-id', 'root', '--issuer', server.issuer]
  expect(await runTessera([...login, '--secret-file', at('root.secret')], remote)).toMatchObject({ code: 0 })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

let count = 0
let client: string
let path: string
beforeEach(async () => {
  count += 1
  client = `job-${count}`
  path = join(folder, `place-${count}`)
  const manifest = `clients: [{ client_id: ${client}, credentials: [{ label: first, secret: ${newSecret()} }] }]`
  expect(await runTessera(['apply', '-f', '-'], local, manifest)).toMatchObject({ code: 0 })
})
afterEach(() => vi.restoreAllMocks())

/** The labels of the credentials of a client; undefined if there is no client. */
async function labelsOf(id: string): Promise<readonly string[] | undefined> {
  const store = await openStore(server.config.storage, systemClock)
  try {
    return (await store.credentials.listCredentials(ClientId(id)))?.found.map(({ credential }) => credential.label)
  } finally {
    await store.close()
  }
}

const TARGETS = [
  ['a database', () => local],
  ['a server', () => remote],
] as const

interface Maker {
  readonly args: (client: string) => readonly string[]
  readonly input?: (client: string) => string
  /** The client that gets the secret, and its label. */
  readonly made: (client: string) => readonly [string, string]
}

const makers: readonly (readonly [string, Maker])[] = [
  ['credentials add', { args: (id) => ['credentials', 'add', id, '--label', 'new'], made: (id) => [id, 'new'] }],
  ['credentials rotate', { args: (id) => ['credentials', 'rotate', id, '--label', 'new'], made: (id) => [id, 'new'] }],
  ['clients create', { args: (id) => ['clients', 'create', `${id}-b`], made: (id) => [`${id}-b`, ''] }],
  [
    'apply',
    {
      args: () => ['apply', '-f', '-'],
      input: (id) => `clients: [{ client_id: ${id}-c, credentials: [{ label: new }] }]`,
      made: (id) => [`${id}-c`, 'new'],
    },
  ],
]

describe.each(TARGETS)('on %s', (_target, env) => {
  describe.each(makers)('%s', (_words, { args, input, made }) => {
    const run = (...more: readonly string[]) => runTessera([...args(client), ...more], env(), input?.(client))
    const isMade = async () => {
      const [id, label] = made(client)
      return (await labelsOf(id))?.includes(label) ?? false
    }

    test.each([[[]], [['--json']], [['--output', 'yaml']]])('refuses without a place: %j', async (form) => {
      const { code, stdout, stderr } = await run(...form)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('--secrets-to file:PATH, env:PATH, exec:COMMAND, k8s:NAME or stdout')
      expect(await isMade()).toBe(false)
    })

    test('a terminal shows the secret', async () => {
      vi.spyOn(standardOutput, 'isTerminal', 'get').mockReturnValue(true)
      expect((await run()).stdout).toMatch(GENERATED)
    })

    test('a file gets it as a line of JSON', async () => {
      const { code, stdout, stderr } = await run('--json', '--secrets-to', `file:${path}`)
      expect({ code, isShown: GENERATED.test(stdout + stderr) }).toEqual({ code: 0, isShown: false })
      expect(() => JSON.parse(stdout)).not.toThrow()
      const [id, label] = made(client)
      const line = JSON.parse(readFileSync(path, 'utf8'))
      expect(line).toMatchObject({ client_id: id, label, secret: expect.stringMatching(GENERATED) })
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(await isMade()).toBe(true)
    })

    test('a Secret of Kubernetes is alone on standard output', async () => {
      const { code, stdout, stderr } = await run('--secrets-to', 'k8s:jobs')
      expect({ code, isShown: GENERATED.test(stderr) }).toEqual({ code: 0, isShown: false })
      const [id, label] = made(client)
      const key = ['SECRET', id, label].filter((part) => part !== '').join('_')
      expect(parse(stdout)).toEqual({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'jobs' },
        type: 'Opaque',
        stringData: { [key.toUpperCase().replaceAll('-', '_')]: expect.stringMatching(/^tss_/) },
      })
    })

    test('a command gets it on its standard input, and its output shows no secret', async () => {
      const { code, stdout, stderr } = await run('--secrets-to', `exec:tee ${path}; echo stored`)
      expect({ code, isShown: GENERATED.test(stdout + stderr) }).toEqual({ code: 0, isShown: false })
      expect(stderr).toContain('stored')
      expect(JSON.parse(readFileSync(path, 'utf8')).secret).toMatch(/^tss_/)
    })
  })
})

describe('a variable of env:', () => {
  test('is read back by secret_env', async () => {
    writeFileSync(path, 'OTHER=1')
    const create = (id: string, label: string) =>
      `clients: [{ client_id: ${id}, credentials: [{ label: ${label}, secret_env: SECRET_A_B_${count}_MAIN }] }]`
    const manifest = `clients: [{ client_id: a.b-${count}, credentials: [{ label: main }] }]`
    expect(await runTessera(['apply', '-f', '-', '--secrets-to', `env:${path}`], local, manifest)).toMatchObject({
      code: 0,
    })
    const [other, line = ''] = readFileSync(path, 'utf8').split('\n')
    expect(other).toBe('OTHER=1')
    const [name = '', value = ''] = line.split('=')
    const again = await runTessera(['apply', '-f', '-'], { ...local, [name]: value }, create(`a.b-${count}`, 'main'))
    expect(again).toMatchObject({ code: 0, stdout: '0 created, 0 updated, 1 unchanged\n' })
  })

  test.each(TARGETS)('is refused, if two secrets would have it, on %s', async (_target, env) => {
    const clients = ['x.y', 'x-y'].map((id) => `{ client_id: ${id}-${count}, credentials: [{ label: main }] }`)
    const printed = await runTessera(
      ['apply', '-f', '-', '--secrets-to', `env:${path}`],
      env(),
      `clients: [${clients.join(', ')}]`,
    )
    expect(printed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('two secrets would be named'),
    })
    expect(await labelsOf(`x.y-${count}`)).toBeUndefined()
    expect(existsSync(path)).toBe(false)
  })
})

describe('a place that can’t be used is refused before anything is made', () => {
  const cases: readonly (readonly [string, number, () => string, string])[] = [
    ['an unknown place', 2, () => 'vault:x', 'give file:PATH'],
    ['no path', 2, () => 'file:', 'give file:PATH'],
    ['more than stdout', 2, () => 'stdout:x', 'give file:PATH'],
    ['a folder', 1, () => `file:${folder}`, 'it is a folder'],
    ['a missing folder', 1, () => `file:${path}/x`, 'there is no such file or folder'],
    ['a device', 1, () => 'file:/dev/full', 'it is not a regular file'],
    [
      'a symbolic link',
      1,
      () => {
        writeFileSync(`${path}-target`, '', { mode: 0o600 })
        symlinkSync(`${path}-target`, path)
        return `file:${path}`
      },
      'it is a symbolic link',
    ],
    [
      'a file that others can read',
      1,
      () => {
        writeFileSync(path, '')
        chmodSync(path, 0o644)
        return `file:${path}`
      },
      'others can read it',
    ],
    ['a command with a mistake', 2, () => 'exec:cat |', 'does not understand'],
    ['a missing program', 2, () => 'exec:no-such-program x', 'there is no such program'],
    ['a name in capitals', 2, () => 'k8s:Jobs', 'a name has up to 253'],
    ['a long name', 2, () => `k8s:${'a'.repeat(254)}`, 'a name has up to 253'],
  ]
  describe.each(TARGETS)('on %s', (_target, env) => {
    test.each(cases)('%s', async (_name, code, place, message) => {
      const printed = await runTessera(['credentials', 'add', client, '--secrets-to', place()], env())
      expect(printed).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
      expect(await labelsOf(client)).toEqual(['first'])
    })
  })
})

describe('a place that fails', () => {
  const commands: readonly (readonly [string, string, string])[] = [
    ['a command that fails', 'cat >/dev/null; exit 3', 'ended with exit code 3'],
    ['a command that ends early', 'exit 0', 'ended before it had read its standard input'],
    ['a command that reads a part', 'head -c 1 >/dev/null', 'ended before it had read its standard input'],
    ['a command that a signal ends', 'kill -TERM $$', 'ended with exit code 143'],
  ]

  test.each(commands)('%s: a database is not changed', async (_name, command, why) => {
    const printed = await runTessera(['credentials', 'rotate', client, '--secrets-to', `exec:${command}`], local)
    expect(printed).toMatchObject({ code: 1, stdout: '' })
    expect(printed.stderr).toContain(`${why}, and a new secret would be lost: nothing was changed`)
    expect(await labelsOf(client)).toEqual(['first'])
  })

  test.each(commands)('%s: a server has made it, and the error names the remedy', async (_name, command, why) => {
    const args = ['credentials', 'add', client, '--label', 'new', '--secrets-to', `exec:${command}`]
    const { code, stdout, stderr } = await runTessera(args, remote)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(why)
    const [, remedy = ''] = /replace each: tessera (.*)\n$/.exec(stderr) ?? []
    expect(await labelsOf(client)).toEqual(['first', 'new'])
    const replaced = await runTessera([...remedy.split(' '), '--secrets-to', `file:${path}`], remote)
    expect(replaced).toMatchObject({ code: 0 })
    expect(readFileSync(path, 'utf8')).toMatch(GENERATED)
  })

  /** Runs a script of the shell, with `tessera` as its arguments. */
  const inShell = (script: string, args: readonly string[], env: Record<string, string>) =>
    new Promise<Printed>((resolve) => {
      execFile(
        'sh',
        ['-c', script, 'sh', process.execPath, 'src/cli/main.ts', ...args],
        {
          env: {
            PATH: process.env['PATH'] ?? '',
            NODE_COMPILE_CACHE: COMPILE_CACHE,
            ...env,
            NODE_EXTRA_CA_CERTS: inject('tls').ca,
          },
        },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      )
    })

  test('a file on a full disk is left as it was', async () => {
    writeFileSync(path, '', { mode: 0o600 })
    truncateSync(path, 64 * 1024 * 1024)
    const args = ['credentials', 'add', client, '--secrets-to', `file:${path}`]
    const { code, stderr } = await inShell('ulimit -f 65536; "$@"', args, local)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('nothing was changed') })
    expect(statSync(path).size).toBe(64 * 1024 * 1024)
    expect(await labelsOf(client)).toEqual(['first'])
  })

  test.skipIf(!existsSync('/dev/full')).each([['stdout'], ['k8s:jobs']])('a full disk behind %s', async (place) => {
    const add = ['credentials', 'add', client, '--label', 'new', '--secrets-to', place]
    const here = await inShell('"$@" > /dev/full', add, local)
    expect(here).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was changed') })
    expect(await labelsOf(client)).toEqual(['first'])
    const there = await inShell('"$@" > /dev/full', add, remote)
    expect(there).toMatchObject({ code: 1, stderr: expect.stringContaining(`tessera credentials rotate ${client} `) })
    expect(await labelsOf(client)).toEqual(['first', 'new'])
  })

  test('a signal while a command takes the secrets: a database is not changed', async () => {
    const add = ['credentials', 'add', client, '--secrets-to', `exec:cat >/dev/null; kill -TERM $MAIN_PID; sleep 1`]
    const script = 'sh -c \'MAIN_PID=$$; export MAIN_PID; exec "$@"\' sh "$@"; echo "$?"'
    expect((await inShell(script, add, local)).stdout).toBe('143\n')
    expect(await labelsOf(client)).toEqual(['first'])
  })

  test('a signal after a server has made the secrets: the command has them', async () => {
    const command = `kill -TERM $MAIN_PID; cat > ${path}`
    const add = ['credentials', 'add', client, '--label', 'new', '--secrets-to', `exec:${command}`]
    const script = 'sh -c \'MAIN_PID=$$; export MAIN_PID; exec "$@"\' sh "$@" >&2; echo "$?"'
    const { stdout, stderr } = await inShell(script, add, remote)
    expect({ stdout, stderr }).toMatchObject({
      stdout: '143\n',
      stderr: expect.stringContaining('so that none is lost'),
    })
    expect(await labelsOf(client)).toEqual(['first', 'new'])
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ client_id: client, label: 'new' })
  })
})

test('an answer without a secret needs no place, and a file that got none is removed', async () => {
  const add = (...args: string[]) => runTessera(['credentials', 'add', client, ...args], local)
  const trusted = ['--certificate', 'san_dns=edge.example.com']
  expect(await add(...trusted)).toMatchObject({ code: 0 })
  expect(await add(...trusted, '--label', 'b', '--secrets-to', `file:${path}`)).toMatchObject({ code: 0 })
  expect(existsSync(path)).toBe(false)
  const none = await runTessera(['apply', '-f', '-', '--secrets-to', 'k8s:jobs'], local, 'clients: []')
  expect(parse(none.stdout)).toEqual({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'jobs' }, type: 'Opaque' })
})

test('a file keeps what it has', async () => {
  const add = () => runTessera(['credentials', 'add', client, '--secrets-to', `file:${path}`], local)
  writeFileSync(path, '{"half', { mode: 0o600 })
  for (const _ of [1, 2]) expect(await add()).toMatchObject({ code: 0 })
  const [half, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(half).toBe('{"half')
  expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual(
    Array(2).fill(['client_id', 'credential', 'label', 'secret']),
  )
})

test('links go to the place, too', async () => {
  await runTessera(['admin', 'bootstrap', '--name', 'anna'], local, 'a tessera is a small tile')
  for (const [args, name] of [
    [['admin', 'bootstrap', '--link'], { link: 'setup' }],
    [['admin', 'reset', 'anna'], { link: 'reset', account: 'anna' }],
  ] as const) {
    expect(await runTessera(args, local)).toMatchObject({ code: 2, stdout: '' })
    const printed = await runTessera([...args, '--secrets-to', `file:${path}`], local)
    expect(printed).toMatchObject({ code: 0 })
    expect(printed.stdout + printed.stderr).not.toMatch(GENERATED)
    const line = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? ''
    expect(JSON.parse(line)).toEqual({ ...name, secret: expect.stringMatching(/^https?:\/\/.*#[0-9A-Za-z]{43}$/) })
  }
})
