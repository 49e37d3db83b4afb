import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { standardError } from '../../src/platform/standard-streams.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { runTessera } from '../harness/program.ts'

let folder: string
let env: Record<string, string>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-progress-'))
  env = { TESSERA_STORAGE: `sqlite:${join(folder, 'tessera.db')}` }
  await migrateDatabase(env['TESSERA_STORAGE'] ?? '', systemClock)
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const work: Readonly<Record<string, () => readonly string[]>> = {
  'storage copy': () => ['--from', env['TESSERA_STORAGE'] ?? '', '--to', `sqlite:${join(folder, 'copy.db')}`],
  backup: () => ['--to', join(folder, 'backup.db')],
  apply: () => ['-f', '-', '--secrets-to', 'stdout'],
}
/** The sequence that empties a line. */
const ERASED = '\r\u001b[K'
const STATE = /^(?:copying|comparing|\w+: \d+ rows)/
const MANIFEST = 'clients: [{ client_id: a, credentials: [{ label: first }] }]'

test.each(Object.entries(work))(
  '%s shows its progress on a terminal, and leaves no trace of it',
  async (words, args) => {
    vi.spyOn(standardError, 'isTerminal', 'get').mockReturnValue(true)
    vi.spyOn(standardError, 'columns', 'get').mockReturnValue(40)
    const { code, stderr } = await runTessera([...words.split(' '), ...args()], env, MANIFEST)
    expect(code).toBe(0)
    const [, ...states] = stderr.split(ERASED)
    const last = states.pop() ?? ''
    const shown = states.filter((state) => STATE.test(state))
    expect(shown).not.toEqual([])
    for (const state of shown) expect(state.length).toBeLessThan(40)
    expect(last).not.toMatch(STATE)
  },
)

test.each(Object.entries(work))('%s shows none elsewhere', async (words, args) => {
  const { code, stderr } = await runTessera([...words.split(' '), ...args()], env, MANIFEST)
  expect(code).toBe(0)
  expect(stderr).not.toContain(ERASED)
  expect(stderr).not.toMatch(/verified|comparing|copying/)
})
