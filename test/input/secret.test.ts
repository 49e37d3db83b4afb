import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { resolveMasterKeys, resolveStorageAccess } from '../../src/config/resolve.ts'
import { parsePostgresUrl } from '../../src/store/postgres/address.ts'
import { MODEL } from '../harness/model.ts'
import { type Printed, runTessera } from '../harness/program.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

let server: TestServer
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-secret-'))
  server = await startTestServer({ manifest: MODEL })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

let files = 0
function fileWith(content: string): string {
  files += 1
  const file = join(folder, `${files}`)
  writeFileSync(file, content, { mode: 0o600 })
  return file
}

let clients = 0
const newClient = () => {
  clients += 1
  return `door-${clients}`
}
const env = () => ({
  TESSERA_STORAGE: server.config.storage,
  TESSERA_MASTER_KEY: server.config.masterKey.toString('base64'),
})
const applied = (client: string, credential: string, more: Record<string, string> = {}) =>
  runTessera(
    ['apply', '-f', '-', '--secrets-to', 'stdout'],
    { ...env(), ...more },
    `clients: [{ client_id: ${client}, scopes: [edit], credentials: [{ ${credential} }] }]`,
  )

/** Whether a client can authenticate with the secret, so that the entry and authentication read it alike. */
async function works(client: string, secret: string): Promise<boolean> {
  const response = await server.token({ grant_type: 'client_credentials', scope: 'edit' }, basic(client, secret))
  return response.status === 200
}

const token = (client: string, args: readonly string[], more: Record<string, string>, input = '') =>
  runTessera(
    ['token', '--issuer', server.issuer, '--client-id', client, '--ca', inject('tls').cert, '--scope', 'edit', ...args],
    more,
    input,
  )

interface Outcome {
  /** The message of a refusal, or undefined if the secret was accepted. */
  readonly refused: string | undefined
  /** Whether the entry read the secret as expected. */
  readonly taken: (expected: string) => Promise<boolean>
}

const outcomeOf = ({ code, stderr }: Printed, taken: Outcome['taken']): Outcome => ({
  refused: code === 0 ? undefined : stderr,
  taken,
})

/** Makes a client with a secret. By default it is a generated one, which takes no slow hash. */
async function clientWith(secret: string | undefined): Promise<string> {
  const client = newClient()
  const credential = secret === undefined ? 'label: x' : `secret: ${JSON.stringify(secret)}`
  expect((await applied(client, credential)).code).toBe(0)
  return client
}

let asking: Promise<string> | undefined
/** A client for the entries through which a client sends its secret. */
const asker = (): Promise<string> => {
  asking ??= clientWith(BASE)
  return asking
}

const readAs = (read: () => string | undefined): Outcome => {
  try {
    const secret = read()
    return { refused: undefined, taken: async (expected) => secret === expected }
  } catch (error) {
    return { refused: String(error), taken: async () => false }
  }
}

const BASE = 'a secret that is chosen: 0123456789'

/** Every entry for a secret. @param given the secret with possible line ends */
const doors: Readonly<Record<string, (given: string) => Promise<Outcome>>> = {
  'secret of a manifest': async (given) => {
    const client = newClient()
    return outcomeOf(await applied(client, `secret: ${JSON.stringify(given)}`), (secret) => works(client, secret))
  },
  'secret_env of a manifest': async (given) => {
    const client = newClient()
    return outcomeOf(await applied(client, 'secret_env: DOOR', { DOOR: given }), (secret) => works(client, secret))
  },
  'credentials add --secret-env': async (given) => {
    const client = await clientWith(undefined)
    const args = ['credentials', 'add', client, '--secret-env', 'DOOR']
    return outcomeOf(await runTessera(args, { ...env(), DOOR: given }), (secret) => works(client, secret))
  },
  'credentials rotate --secret-env': async (given) => {
    const client = await clientWith(undefined)
    const args = ['credentials', 'rotate', client, '--secret-env', 'DOOR']
    return outcomeOf(await runTessera(args, { ...env(), DOOR: given }), (secret) => works(client, secret))
  },
  'token --secret-env': async (given) => {
    const client = await asker()
    return outcomeOf(await token(client, ['--secret-env', 'DOOR'], { DOOR: given }), async () => true)
  },
  'token --secret-file': async (given) => {
    const client = await asker()
    return outcomeOf(await token(client, ['--secret-file', fileWith(given)], {}), async () => true)
  },
  'token from standard input': async (given) => {
    const client = await asker()
    return outcomeOf(await token(client, [], {}, given), async () => true)
  },
  storage_password_file: async (given) =>
    readAs(
      () => resolveStorageAccess(loadOptions({ env: { TESSERA_STORAGE_PASSWORD_FILE: fileWith(given) } })).password,
    ),
  PGPASSWORD: async (given) => {
    const before = process.env['PGPASSWORD']
    process.env['PGPASSWORD'] = given
    try {
      return readAs(() => parsePostgresUrl('postgres://tessera@db.example.com/x', { password: undefined }).password)
    } finally {
      if (before === undefined) delete process.env['PGPASSWORD']
      else process.env['PGPASSWORD'] = before
    }
  },
}

describe.each(Object.entries(doors))('%s', (_door, open) => {
  test.each([
    ['unchanged', BASE],
    ['with a trailing line end', `${BASE}\n`],
    ['with a trailing Windows line end', `${BASE}\r\n`],
  ])('a secret %s is the same secret', async (_name, given) => {
    const { refused, taken } = await open(given)
    expect(refused).toBeUndefined()
    expect(await taken(BASE)).toBe(true)
  })

  test.each([
    ['two trailing line ends', `${BASE}\n\n`, 'a line end'],
    ['a leading line end', `\n${BASE}`, 'character 1 is a line end'],
    ['a line end in it', `a\n${BASE}`, 'character 2 is a line end'],
    ['a trailing carriage return', `${BASE}\r`, 'a line end'],
    ['a trailing tab', `${BASE}\t`, 'a tab'],
    ['an escape in it', `${BASE}\u001b[2J`, 'U+001B'],
    ['a control character of Latin-1', `${BASE}\u0085`, 'U+0085'],
    ['a line separator', `${BASE}\u2028`, 'U+2028'],
    ['too many characters', 'x'.repeat(1_025), 'must have at most 1024 characters'],
  ])('a secret with %s is refused, and not shown', async (_name, given, reason) => {
    const { refused } = await open(given)
    expect(refused).toContain(reason)
    expect(refused).not.toContain('0123456789')
  })

  test('an empty secret is refused', async () => {
    expect((await open('\n')).refused).toMatch(/must not be blank|has no|is empty/)
  })
})

describe('letters beyond ASCII work', () => {
  test.each(['пароль из букв', '🗝️🗝️🗝️🗝️', ' spaces at both ends ', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'])(
    '%s',
    async (secret) => {
      for (const name of [
        'secret of a manifest',
        'secret_env of a manifest',
        'credentials add --secret-env',
      ] as const) {
        const outcome = await doors[name]?.(secret)
        expect(outcome?.refused).toBeUndefined()
        expect(await outcome?.taken(secret)).toBe(true)
      }
    },
  )
})

test.each([
  ['the environment', (key: string) => ({ TESSERA_MASTER_KEY: key })],
  ['a file', (key: string) => ({ TESSERA_MASTER_KEY_FILE: fileWith(key) })],
])('a master key from %s is one line, and ends with it', (_name, from) => {
  const key = randomBytes(32)
  const read = (text: string) => resolveMasterKeys(loadOptions({ env: from(text) })).masterKey
  for (const end of ['', '\n', '\r\n']) expect(read(key.toString('base64') + end)).toEqual(key)
  for (const end of ['\n\n', '\0', '\nx']) expect(() => read(key.toString('base64') + end)).toThrow()
})
