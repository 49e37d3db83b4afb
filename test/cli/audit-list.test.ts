import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { runTessera } from '../harness/program.ts'
import { event } from '../store/contract.ts'

const MINUTE = 60_000
let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-audit-'))
  env = { TESSERA_STORAGE: `sqlite:${join(folder, 'tessera.db')}` }
  const store = await openStore(env['TESSERA_STORAGE'] ?? '', systemClock)
  const now = Date.now()
  await store.audit.append([
    { ...event('old', now - 10 * 24 * 60 * MINUTE), clientId: 'billing' },
    { ...event('token', now - 5 * MINUTE), clientId: 'billing', detail: { credential: 'k', audience: 'https://a' } },
    { ...event('wrong', now - 4 * MINUTE), clientId: 'billing', result: 'refused', reason: 'wrong_secret' },
    {
      ...event('change', now - 3 * MINUTE),
      type: 'client.change',
      actor: { kind: 'operator', user: 'ann', host: 'h', way: 'command' },
    },
    { ...event('last', now - 2 * MINUTE), clientId: 'other', detail: { text: '\u001b[1m' } },
  ])
  await store.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The request ids of a list. */
async function list(...args: readonly string[]) {
  const { stdout, stderr, code } = await runTessera(['audit', 'list', ...args, '--json'], env)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const { events, next_cursor: cursor }: { events: { request_id: string }[]; next_cursor: string | null } =
    JSON.parse(stdout)
  return { ids: events.map(({ request_id: id }) => id), cursor }
}

test.each([
  [[], ['last', 'change', 'wrong', 'token', 'old']],
  [
    ['--since', '7d'],
    ['last', 'change', 'wrong', 'token'],
  ],
  [['--until', '7d'], ['old']],
  [
    ['--client', 'billing', '--since', '7d'],
    ['wrong', 'token'],
  ],
  [
    ['--client', 'billing', '--client', 'other', '--result', 'success'],
    ['last', 'token', 'old'],
  ],
  [['--type', 'client.change'], ['change']],
  [['--reason', 'wrong_secret'], ['wrong']],
  [['--actor', 'ann'], ['change']],
  [['--credential', 'k'], ['token']],
  [['--api', 'https://a'], ['token']],
  [['--request-id', 'last'], ['last']],
  [['--owner', 'nobody'], []],
])('audit list %j', async (args, expected) => {
  expect((await list(...args)).ids).toEqual(expected)
})

test('a list goes on at its cursor', async () => {
  const first = await list('--limit', '2')
  expect(first.ids).toEqual(['last', 'change'])
  const second = await list('--limit', '2', '--cursor', first.cursor ?? '')
  expect(second.ids).toEqual(['wrong', 'token'])
  expect((await list('--cursor', second.cursor ?? '')).ids).toEqual(['old'])
})

test('lines are for people, and name the next cursor', async () => {
  const { stdout, stderr } = await runTessera(['audit', 'list', '-n', '2'], env)
  expect(stdout).toMatch(
    /^\S+ token\.issue success client_id=other .* text=\S*u001b\[1m\n\S+ client\.change success by ann on h /,
  )
  expect(stderr).toMatch(/^there may be more: add --cursor [\w-]+\n$/)
  const nothing = await runTessera(['audit', 'list', '--client', 'nobody'], env)
  expect(nothing).toEqual({ code: 0, stdout: '', stderr: 'no event matches\n' })
})

test.each([
  [['--type', 'client.chnage'], '--type "client.chnage": there is no such value; did you mean client.change?'],
  [['--reason', 'wrong_secrets'], 'did you mean wrong_secret?'],
  [['--reason', 'zzzzzzzzzzzz'], 'docs/reference/refusals.md lists them'],
  [['--result', 'x'], 'it is one of success, refused'],
  [['--limit', '0'], '--limit must be a number'],
  [['--cursor', 'x'], '--cursor must be'],
  [['--since', 'yesterday'], '--since must be a time'],
  [['--since', '7d', '--since', '8d'], '--since is given twice'],
])('audit list %j is refused', async (args, message) => {
  const { code, stdout, stderr } = await runTessera(['audit', 'list', ...args], env)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

test('audit export writes a time range, and goes on from its state', async () => {
  const [to, state] = [join(folder, 'out.jsonl'), join(folder, 'state.json')]
  const ids = () =>
    readFileSync(to, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line).request_id)
  const exported = await runTessera(['audit', 'export', '--to', to, '--since', '7d', '--state', state], env)
  expect(exported).toEqual({ code: 0, stdout: '', stderr: `4 events written to ${to}\n` })
  expect(ids()).toEqual(['token', 'wrong', 'change', 'last'])
  const again = await runTessera(['audit', 'export', '--to', to, '--state', state], env)
  expect(again.stderr).toBe(`0 events written to ${to}\n`)
  const printed = await runTessera(['audit', 'export', '--to', '-', '--until', '7d'], env)
  expect(JSON.parse(printed.stdout)).toMatchObject({ request_id: 'old', tenant: 'default' })
  writeFileSync(state, '{"seq":1}')
  const broken = await runTessera(['audit', 'export', '--to', to, '--state', state], env)
  expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('is not a file that') })
  const nowhere = await runTessera(['audit', 'export', '--to', join(folder, 'no', 'x')], env)
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining("can't be written: ") })
})
