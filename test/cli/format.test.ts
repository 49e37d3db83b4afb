import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { relative } from '../../src/cli/moment.ts'
import { type Column, printTable } from '../../src/cli/table.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { standardOutput } from '../../src/platform/standard-streams.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { runCommand } from '../harness/command.ts'
import { commandsOf, runTessera } from '../harness/program.ts'

/** A text whose characters YAML, JSON and a terminal all treat in a special way. */
const AWKWARD = 'a: "b"\u0085\u200f\u{e0041} # c'
const MANIFEST = JSON.stringify({
  apis: [{ audience: 'https://api', scopes: [{ name: 'read' }] }],
  clients: [{ client_id: 'job', name: AWKWARD, owner: 'team-a', scopes: ['read'], credentials: [{ label: 'first' }] }],
})

let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-format-'))
  const storage = `sqlite:${join(folder, 'tessera.db')}`
  env = { TESSERA_STORAGE: storage, TESSERA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
  await migrateDatabase(storage, systemClock)
  expect(await runTessera(['apply', '-f', '-', '--secrets-to', 'stdout'], env, MANIFEST)).toMatchObject({ code: 0 })
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const run = (...args: readonly string[]) => runTessera(args, env)

/** Makes standard output a terminal of that width, until the end of the test. */
function inTerminal(columns: number): void {
  vi.spyOn(standardOutput, 'isTerminal', 'get').mockReturnValue(true)
  vi.spyOn(standardOutput, 'columns', 'get').mockReturnValue(columns)
}

test('each command that prints JSON prints YAML as well', () => {
  for (const [name, command] of commandsOf()) {
    const has = (long: string) => command.options.some((option) => option.long === long)
    expect({ name, output: has('--output') }).toEqual({ name, output: has('--json') })
  }
})

const printing: readonly (readonly string[])[] = [
  ['clients', 'list'],
  ['clients', 'show', 'job'],
  ['clients', 'enable', 'job'],
  ['credentials', 'list', 'job'],
  ['audit', 'tail'],
  ['keys', 'list'],
  ['storage', 'migrate'],
]

describe('the same data as JSON and as YAML', () => {
  test.each(printing)('%s %s', async (...words) => {
    const json = await run(...words, '--json')
    const yaml = await run(...words, '--output', 'yaml')
    expect([json.code, yaml.code]).toEqual([0, 0])
    const isEach = words[0] === 'audit'
    const expected = isEach
      ? json.stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [JSON.parse(json.stdout)]
    expect(parseAllDocuments(yaml.stdout).map((document) => document.toJS())).toEqual(expected)
    expect((await run(...words, '--output', 'json')).stdout).toBe(json.stdout)
  })

  test('an unknown form, or two, is refused', async () => {
    expect(await run('clients', 'list', '--output', 'xml')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "error: option '--output <format>': this value is not allowed. Allowed choices are table, json, yaml.\n(tessera clients list --help lists the arguments)\n",
    })
    expect(await run('clients', 'list', '--json', '--output', 'yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give --json or --output yaml, not both'),
    })
  })
})

describe('an error is JSON where the result would be', () => {
  test.each<[readonly string[], number, object]>([
    [['clients', 'show', 'nobody', '--json'], 3, { code: 'not_found', message: 'there is no client "nobody"' }],
    [
      ['clients', 'show', 'nobody', '--output', 'yaml'],
      3,
      { code: 'not_found', message: 'there is no client "nobody"' },
    ],
    [
      ['clients', 'lst', '--json'],
      2,
      {
        code: 'usage',
        message: "unknown command 'lst'",
        suggestion: 'list',
        help: 'tessera clients --help',
      },
    ],
    [
      ['audit', 'tail', '--lines', 'x', '--output=json'],
      2,
      { code: 'usage', message: '--lines must be a number, not "x"' },
    ],
    [
      ['apply', '-f', '/nothing.yaml', '--json'],
      1,
      {
        code: 'failed',
        message: "/nothing.yaml can't be read: there is no such file or folder",
      },
    ],
  ])('%j', async (args, code, error) => {
    const printed = await run(...args)
    expect({ ...printed, stderr: JSON.parse(printed.stderr) }).toEqual({ code, stdout: '', stderr: { error } })
  })
})

describe('an option of many commands before the command', () => {
  test('works as after it', async () => {
    expect(await run('--output', 'json', 'clients', 'list')).toEqual(await run('clients', 'list', '--json'))
    expect((await run('-c', '/nothing.yaml', 'clients', 'list')).stderr).toContain('/nothing.yaml can')
  })

  test.each([
    [['-c', 'a', 'clients', 'list', '-c', 'b'], '--config is given twice'],
    [['-c', 'a', 'config', 'reference'], 'this command has no --config'],
  ])('%j is refused', async (args, message) => {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })
})

interface Row {
  readonly id: string
  readonly note?: string
  readonly at?: string
}
const columns: readonly Column<Row>[] = [
  { heading: 'ID', of: ({ id }) => id, isWhole: true },
  { heading: 'NOTE', of: ({ note }) => note, style: () => 'red' },
  { heading: 'AT', of: ({ at }) => at, kind: 'time' },
]
const table = async (rows: readonly Row[], environment: Record<string, string> = {}) =>
  (await runCommand({ NO_COLOR: '', TERM: 'xterm', ...environment }, async () => printTable(rows, columns))).stdout
const LONG = 'long '.repeat(40).trim()
const at = new Date(systemClock.now() - 3 * 24 * 3_600_000 - 1_000).toISOString()

describe('a table', () => {
  test('has headings, aligned columns, and everything whole in a pipe', async () => {
    expect(
      await table([
        { id: 'a', note: LONG, at },
        { id: 'longer', note: '日本' },
      ]),
    ).toBe(
      [
        `ID      NOTE${' '.repeat(LONG.length - 4)}  AT`,
        `a       ${LONG}  ${at}`,
        `longer  日本${' '.repeat(LONG.length - 4)}  -`,
        '',
      ].join('\n'),
    )
  })

  test('fits a terminal, and shows times beside now', async () => {
    inTerminal(40)
    const printed = await table([{ id: 'a', note: LONG, at }], { NO_COLOR: '1' })
    expect(printed).toBe('ID  NOTE                      AT\na   long long long long lon…  3 days ago\n')
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(40)
  })

  test('never shortens an id', async () => {
    inTerminal(10)
    expect(await table([{ id: 'x'.repeat(60) }], { NO_COLOR: '1' })).toBe(`ID\n${'x'.repeat(60)}\n`)
  })

  test('has colours on a terminal only, and none if NO_COLOR is set or the terminal is dumb', async () => {
    const rows = [{ id: 'a', note: '\u001b[2J' }]
    expect(await table(rows)).not.toContain('\u001b')
    inTerminal(80)
    expect(await table(rows)).toBe(
      '\u001b[1mID\u001b[22m  \u001b[1mNOTE\u001b[22m\na   \u001b[31m\\u001b[2J\u001b[39m\n',
    )
    expect(await table(rows, { NO_COLOR: '1' })).not.toContain('\u001b')
    expect(await table(rows, { TERM: 'dumb' })).not.toContain('\u001b')
  })

  test('without rows prints nothing for a program, and says so to a person', async () => {
    const empty = () => runCommand({}, async () => printTable<Row>([], columns))
    expect(await empty()).toMatchObject({ stdout: '', stderr: '' })
    inTerminal(80)
    expect(await empty()).toMatchObject({ stdout: '', stderr: 'There are none.\n' })
  })
})

test.each([
  [0, 'now'],
  [-1_000, '1 second ago'],
  [-119_000, '119 seconds ago'],
  [-120_000, '2 minutes ago'],
  [2 * 3_600_000, 'in 2 hours'],
  [-47 * 3_600_000, '47 hours ago'],
  [90 * 86_400_000, 'in 90 days'],
])('%d ms from now is %s', (span, said) => {
  const now = Date.parse('2030-01-01T00:00:00Z')
  expect(relative(new Date(now + span).toISOString(), now)).toBe(said)
})
