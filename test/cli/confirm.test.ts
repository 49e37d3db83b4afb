import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase } from '../harness/empty-database.ts'
import { commandsOf, runTessera } from '../harness/program.ts'

const MANIFEST = `
apis: [{ audience: "https://api", scopes: [{ name: read }] }]
clients: [{ client_id: job, scopes: [read], credentials: [{ label: first }] }]
`

let folder: string
let env: Record<string, string>
let kid: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-confirm-'))
  const storage = emptyDatabase(join(folder, 'tessera.db'))
  env = { TESSERA_STORAGE: storage, TESSERA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
  expect(await runTessera(['apply', '-f', '-', '--secrets-to', 'stdout'], env, MANIFEST)).toMatchObject({ code: 0 })
  expect(await runTessera(['groups', 'put', 'team', '-f', '-'], env, '{}')).toMatchObject({ code: 0 })
  await runTessera(['keys', 'rotate', '--now'], env)
  for (const args of [
    ['add', 'job', '--label', 'second'],
    ['rotate', 'job', 'second', '--label', 'third'],
  ])
    expect(await runTessera(['credentials', ...args, '--secrets-to', 'stdout'], env)).toMatchObject({ code: 0 })
  kid = JSON.parse((await runTessera(['keys', 'list', '--json'], env)).stdout)[0].kid
  return () => rmSync(folder, { recursive: true })
})

/** Every command that can't be undone, and what it says it would do. */
const ending: Readonly<Record<string, readonly [args: () => readonly string[], action: string]>> = {
  'clients disable': [() => ['job'], 'disable the client "job"'],
  'clients delete': [() => ['job'], 'delete the client "job"'],
  'apis delete': [() => ['https://api', '--with-grants'], 'delete the API "https://api"'],
  'groups delete': [() => ['team'], 'delete the group "team"'],
  'credentials cancel': [() => ['job', 'second'], 'remove the credential "third" of "job", and keep the one before it'],
  'credentials revoke': [() => ['job', 'first'], 'revoke the credential "first" of "job"'],
  'credentials remove': [() => ['job', 'first'], 'remove the credential "first" of "job"'],
  'keys revoke': [() => [kid], 'revoke the key '],
  'revoke --client': [() => ['job'], 'revoke every token so far of the client "job"'],
  'revoke --api': [() => ['https://api'], 'revoke every token so far of the api "https://api"'],
  'revoke --key': [() => [kid], 'revoke every token so far of the key '],
}

test('the table has each command with --yes', () => {
  const asking = [...commandsOf()].flatMap(([words, command]) =>
    command.options.some(({ long }) => long === '--yes') ? [words] : [],
  )
  // It lists the repairs without --yes.
  const known = Object.keys(ending).map((words) => words.replace(/ --.*/, ''))
  expect([...new Set([...known, 'keys repair'])].sort()).toEqual(asking.sort())
})

const events = async () =>
  (await runTessera(['audit', 'tail', '-n', '1000', '--json'], env)).stdout.trimEnd().split('\n').length

describe.each(Object.entries(ending))('tessera %s', (words, [args, action]) => {
  const line = () => [...words.split(' '), ...args()]

  test('without a terminal and without --yes shows its effect, and does nothing', async () => {
    const before = await events()
    const { code, stdout, stderr } = await runTessera(line(), env)
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toContain(`This can't be undone: ${action}`)
    expect(stderr).toMatch(
      /\n {2}\S.*\ntessera: nothing was changed: nobody can be asked here, so give --yes to go on\n$/,
    )
    expect(await events()).toBe(before)
  })

  test.each(['n\n', '\n', '', 'yess\n', 'j\n'])('on a terminal does nothing if the answer is %j', async (answer) => {
    const before = await events()
    const printed = await runTessera(line(), env, answer, { isTerminal: true })
    expect(printed).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/Go on\? \[y\/N\] tessera: nothing was changed\n$/),
    })
    expect(await events()).toBe(before)
  })

  test.each(['y\n', 'YES\n'])('on a terminal goes on if the answer is %j', async (answer) => {
    const before = await events()
    expect(await runTessera(line(), env, answer, { isTerminal: true })).toMatchObject({ code: 0 })
    expect(await events()).toBeGreaterThan(before)
  })

  test('with --yes asks nothing', async () => {
    const { code, stderr } = await runTessera([...line(), '--yes'], env)
    expect(code).toBe(0)
    expect(stderr).not.toContain('Go on?')
  })
})

test('nobody is asked about something that does not exist', async () => {
  for (const args of [
    ['clients', 'disable', 'nobody'],
    ['credentials', 'remove', 'nobody', 'x'],
    ['revoke', '--client', 'nobody'],
  ]) {
    const { code, stderr } = await runTessera(args, env)
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'tessera: there is no client "nobody"\n' })
  }
  expect(await runTessera(['keys', 'revoke', 'nothing'], env)).toMatchObject({
    code: 3,
    stderr: 'tessera: there is no key nothing\n',
  })
})
