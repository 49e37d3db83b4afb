import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { migrateDatabase } from '../../../src/store/open.ts'
import { argsOf, commands } from '../../harness/command-arguments.ts'
import { newSecret } from '../../harness/model.ts'
import { commandsOf, runTessera } from '../../harness/program.ts'

/** Servers, which run until a signal ends them. */
const SERVERS = ['dev', 'serve']

/** Everything that is generated and that nobody else may know: secrets, tokens of sessions, and tokens of links. */
const GENERATED = /\bts[a-z]_[0-9A-Za-z]{20,}|#[0-9A-Za-z]{43}\b/

let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-no-terminal-'))
  env = {
    TESSERA_STORAGE: `sqlite:${join(folder, 'tessera.db')}`,
    TESSERA_MASTER_KEY: systemRandom(32).toString('base64'),
    XDG_CONFIG_HOME: folder,
    CHOSEN: newSecret(),
  }
  await migrateDatabase(env['TESSERA_STORAGE'] ?? '', systemClock)
  const manifest = 'apis: [{ audience: "https://x" }]\nclients: [{ client_id: a }]'
  expect(await runTessera(['apply', '-f', '-'], env, manifest)).toMatchObject({ code: 0 })
  // A later `apply` would remove a credential of a manifest.
  const credential = ['credentials', 'add', 'a', '--label', 'x', '--secret-env', 'CHOSEN']
  expect(await runTessera(credential, env)).toMatchObject({ code: 0 })
  const account = ['admin', 'bootstrap', '--name', 'a']
  expect(await runTessera(account, env, 'a tessera is a small tile')).toMatchObject({ code: 0 })
  writeFileSync(join(folder, 'secrets.yaml'), 'clients: [{ client_id: c, credentials: [{ label: made }] }]')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The arguments of each command, without a place for secrets. */
const lines = Object.entries(commands)
  .filter(([words]) => !SERVERS.includes(words))
  .map(([words, needs]): [string, readonly string[], string | undefined] => {
    const args = argsOf(words, needs)
    const at = args.indexOf('--secrets-to')
    return [words, at === -1 ? args : args.toSpliced(at, 2), needs.input]
  })

test('each command is run', () => {
  const known = lines.map(([words]) => words.replace(/ --.*/, ''))
  expect([...new Set([...known, ...SERVERS])].sort()).toEqual([...commandsOf().keys()].sort())
})

describe('nothing that is generated is in the output of', () => {
  const makers = [...commandsOf()].filter(([, { options }]) => options.some(({ long }) => long === '--secrets-to'))

  test.each(lines)('%s', async (words, args, input) => {
    const at = args.map((arg) => (arg.endsWith('.db') ? arg.replace(/^(sqlite:)?/, `$1${folder}/`) : arg))
    const { code, stdout, stderr } = await runTessera(at, env, input)
    expect(stdout + stderr).not.toMatch(GENERATED)
    const makes = makers.some(([maker]) => maker === words) && words !== 'apply'
    expect(code === 2 && stderr.includes('this makes a secret')).toBe(makes)
  })

  test('apply with a secret to generate', async () => {
    const { code, stdout, stderr } = await runTessera(['apply', '-f', join(folder, 'secrets.yaml')], env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('this makes a secret')
  })

  test('nothing but the commands with --secrets-to makes one', async () => {
    expect(makers.map(([words]) => words).sort()).toEqual([
      'admin bootstrap',
      'admin reset',
      'apply',
      'clients create',
      'credentials add',
      'credentials rotate',
    ])
  })
})
