import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apply } from '../../src/cli/apply.ts'
import type { Credential } from '../../src/model/credentials/credential.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase, openStore } from '../../src/store/open.ts'
import { COMPILE_CACHE } from '../harness/cli.ts'
import { runCommand } from '../harness/command.ts'
import { newSecret, oneApi } from '../harness/model.ts'
import { commandsOf } from '../harness/program.ts'

let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-pipes-'))
  env = { TESSERA_STORAGE: `sqlite:${join(folder, 'tessera.db')}` }
  await migrateDatabase(env['TESSERA_STORAGE'] ?? '', systemClock)
  const file = join(folder, 'clients.yaml')
  const ids = Object.values(makers).flatMap(({ clients }) => clients)
  writeFileSync(
    file,
    `${oneApi('edit')}
clients: [${ids.map((id) => `{ client_id: ${id}, credentials: [{ label: first, secret: ${newSecret()} }] }`).join(', ')}]`,
  )
  expect(await runCommand(env, () => apply({ file }))).toMatchObject({ error: undefined })
  writeFileSync(join(folder, 'many.yaml'), many(50))
})
afterAll(() => rmSync(folder, { recursive: true }))

const many = (count: number) =>
  `clients: [${Array.from({ length: count }, (_, at) => `{ client_id: some-${at} }`).join(', ')}]`

/** Ways in which the reader of standard output behaves. */
const READERS = {
  /** The reader leaves before a byte is written. */
  'has gone': '( until [ -e "$GONE" ]; do sleep 0.02; done; "$@"; echo $? > "$STATUS" ) | { exec <&-; : > "$GONE"; }',
  'takes one line': '( "$@"; echo $? > "$STATUS" ) | head -n 1',
  'takes three lines': '( "$@"; echo $? > "$STATUS" ) | head -n 3',
  'is a full disk': '"$@" > /dev/full; echo $? > "$STATUS"',
} as const
type Reader = keyof typeof READERS
const hasFullDisk = existsSync('/dev/full')

let runs = 0
/** Runs `tessera` with its output in an operating system pipe. */
async function run(reader: Reader, args: readonly string[], input = '') {
  runs += 1
  const [status, gone] = [join(folder, `status-${runs}`), join(folder, `gone-${runs}`)]
  const outcome = await new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const child = execFile(
      'sh',
      ['-c', READERS[reader], 'sh', process.execPath, 'src/cli/main.ts', ...args],
      {
        env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env, STATUS: status, GONE: gone },
      },
      (error, stdout, stderr) => (error === null ? resolve({ stdout, stderr }) : reject(error)),
    )
    child.stdin?.end(input)
  })
  return { ...outcome, code: Number(readFileSync(status, 'utf8')) }
}

async function credentialsOf(client: string): Promise<readonly Credential[] | undefined> {
  const store = await openStore(env['TESSERA_STORAGE'] ?? '', systemClock)
  try {
    return (await store.credentials.listCredentials(ClientId(client)))?.found.map(({ credential }) => credential)
  } finally {
    await store.close()
  }
}

interface Maker {
  /** A client for each reader. */
  readonly clients: readonly [string, string, string]
  readonly args: (client: string) => readonly string[]
  readonly input?: (client: string) => string
  /** The client that gets the secret, if it is another one. */
  readonly of?: (client: string) => string
}

const clientsFor = (name: string) => [`${name}-gone`, `${name}-line`, `${name}-full`] as const

/** Every command that makes a secret. */
const makers: Readonly<Record<string, Maker>> = {
  'credentials add': {
    clients: clientsFor('add'),
    args: (client) => ['credentials', 'add', client, '--json', '--secrets-to', 'stdout'],
  },
  'clients create': {
    clients: clientsFor('create'),
    args: (client) => ['clients', 'create', `new-${client}`, '--secrets-to', 'stdout'],
    of: (client) => `new-${client}`,
  },
  'credentials rotate': {
    clients: clientsFor('rotate'),
    args: (client) => ['credentials', 'rotate', client, '--secrets-to', 'stdout'],
  },
  apply: {
    clients: clientsFor('apply'),
    args: () => ['apply', '-f', '-', '--secrets-to', 'stdout'],
    input: (client) => `clients: [{ client_id: ${client}, credentials: [{ label: made }] }]`,
  },
}

/** Commands that make no secret, so that their output can be repeated. */
const OTHERS = `
  admin bootstrap, admin reset, apis delete, apis list, clients delete, groups delete, groups list, groups put, groups show, nodes list, audit export, audit list, audit rotate-key, audit tail, audit verify, backup, clients disable, clients enable, clients list, clients show, completion, apis show, config check, config reference, login, logout, profiles delete, profiles list, profiles use, revocations list, whoami,
  credentials cancel, credentials label, credentials list, credentials remove, credentials revoke, decode, dev, dev jwks, dev mint, explain, export, health, upgrade,
  diff, import, plan, validate, federate test, introspect, keys list, keys repair, keys revoke, keys rewrap, keys rollback, keys rotate, restore, revoke, serve, storage compact,
  storage copy, storage migrate, token, usage, verify`

test('the tables have each command, as one that makes secrets or none', () => {
  const known = [...Object.keys(makers), ...OTHERS.split(',').map((name) => name.trim())]
  expect([...commandsOf().keys()].filter((name) => name !== 'help').sort()).toEqual(known.sort())
})

describe.each(Object.entries(makers))('a secret that can’t be shown is not made: %s', (_name, maker) => {
  const { clients, args, input, of = (client: string) => client } = maker
  const refused = (why: string) =>
    `tessera: standard output can't be written (${why}), and a new secret would be lost: nothing was changed`
  /** The last line of standard error. With `--json`, an error is JSON as well. */
  const lastLine = (stderr: string) => {
    const line = stderr.trimEnd().split('\n').at(-1) ?? ''
    return line.startsWith('{') ? `tessera: ${JSON.parse(line).error.message}` : line
  }

  test('if the reader has left', async () => {
    const [client] = clients
    const before = await credentialsOf(of(client))
    const { code, stderr } = await run('has gone', args(client), input?.(client))
    expect({ code, last: lastLine(stderr) }).toEqual({ code: 1, last: refused('nobody reads it') })
    expect(await credentialsOf(of(client))).toEqual(before)
  })

  test('if the reader leaves after a line, the secret is made only if it was read', async () => {
    const [, client] = clients
    const { code } = await run('takes one line', args(client), input?.(client))
    const made = (await credentialsOf(of(client)))?.filter(({ label }) => label !== 'first') ?? []
    expect(made).toHaveLength(code === 0 ? 1 : 0)
  })

  test.skipIf(!hasFullDisk)('if the disk is full', async () => {
    const [, , client] = clients
    const before = await credentialsOf(of(client))
    const { code, stderr } = await run('is a full disk', args(client), input?.(client))
    expect({ code, last: lastLine(stderr) }).toEqual({ code: 1, last: refused('the disk is full') })
    expect(await credentialsOf(of(client))).toEqual(before)
  })
})

describe('a reader that stops early is no failure', () => {
  test.each<[string, readonly string[], Reader, number]>([
    ['a list', ['clients', 'list'], 'has gone', 0],
    ['a page of help', ['--help'], 'has gone', 0],
    ['a help too long for one pipe', ['serve', '--help'], 'takes one line', 1],
  ])('%s', async (_name, args, reader, lines) => {
    const { code, stdout, stderr } = await run(reader, args)
    expect({ code, lines: stdout.split('\n').length - 1, stderr }).toEqual({ code: 0, lines, stderr: '' })
  })

  test('following ends at the next output', async () => {
    const following = run('takes three lines', ['audit', 'tail', '--follow', '--json'])
    let isOver = false
    const over = following.finally(() => {
      isOver = true
    })
    for (let at = 0; !isOver; at += 1) {
      const file = join(folder, `event-${at}.yaml`)
      writeFileSync(file, `clients: [{ client_id: event-${at} }]`)
      await runCommand(env, () => apply({ file }))
      await sleep(100)
    }
    const { code, stdout, stderr } = await over
    expect({ code, lines: stdout.split('\n').length - 1, stderr }).toEqual({ code: 0, lines: 3, stderr: '' })
  })

  test('a command completes its work, whether or not its output is read', async () => {
    const { code, stderr } = await run('has gone', ['apply', '-f', join(folder, 'many.yaml')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await credentialsOf('some-49')).toEqual([])
  })
})

describe('a full disk is one error line, and fails the command', () => {
  test.skipIf(!hasFullDisk).each<[string, readonly string[]]>([
    ['a list', ['clients', 'list']],
    ['JSON', ['audit', 'tail', '--json']],
    ['help', ['credentials', '--help']],
    ['the version', ['--version']],
    ['followed events', ['audit', 'tail', '--follow']],
  ])('%s', async (_name, args) => {
    expect(await run('is a full disk', args)).toEqual({
      code: 1,
      stdout: '',
      stderr: "tessera: standard output can't be written, so what was printed is not whole: the disk is full\n",
    })
  })
})
