import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { configFile, readSettings } from '../../src/cli/settings.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { argsOf, commands } from '../harness/command-arguments.ts'
import { commandsOf, runTessera } from '../harness/program.ts'

const home = process.cwd()
let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tessera-none-')))
  process.chdir(folder)
})
afterEach(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

const files = () => readdirSync(folder, { recursive: true }).toSorted()

test('every command is looked at', () => {
  const known = Object.keys(commands).map((words) => words.replace(/ --.*/, ''))
  expect([...new Set(known)].toSorted()).toEqual([...commandsOf().keys()].toSorted())
})

const working = Object.entries(commands).filter(([, { database }]) => database === 'reads' || database === 'writes')

describe.each(working)('tessera %s', (words, needs) => {
  const run = (env: Record<string, string>) => runTessera(argsOf(words, needs), env, needs.input)

  test('without a configuration says how to name a database, and makes none', async () => {
    const { code, stdout, stderr } = await run({})
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^tessera: no database is named: .*--config or TESSERA_CONFIG; .*\/etc\/tessera\/tessera\.yaml; .* TESSERA_STORAGE; or run `tessera dev`.*\n$/,
    )
    expect(files()).toEqual([])
  })

  test.each(['typo.db', 'no/such/folder/typo.db'])(
    'on a path that is not there (%s) names it, and makes nothing',
    async (path) => {
      const { code, stdout, stderr } = await run({ TESSERA_STORAGE: `sqlite:./${path}` })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/there is no such database: /)
      expect(stderr).toContain(join(folder, path))
      expect(files()).toEqual([])
    },
  )

  test('in a folder where `tessera dev` has made nothing names the file that is missing', async () => {
    mkdirSync('.tessera')
    expect((await run({})).stderr).toContain(join(folder, '.tessera', 'tessera.db'))
    expect(files()).toEqual(['.tessera'])
  })

  // A copy of a file, or the same file in less room, does not depend on its tables.
  test.runIf(words !== 'backup' && words !== 'storage compact')(
    'on a database that lacks migrations names them, and makes no table',
    async () => {
      const path = join(folder, 'empty.db')
      writeFileSync(path, '')
      const { code, stderr } = await run({ TESSERA_STORAGE: `sqlite:${path}` })
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /^tessera: storage: sqlite:.*empty\.db has not had 0001-first, .*: run `tessera storage migrate`/,
      )
      const database = new DatabaseSync(path)
      expect(database.prepare('select name from sqlite_master').all()).toEqual([])
      database.close()
    },
  )
})

test('a copy makes neither a missing source nor its target', async () => {
  const { code, stderr } = await runTessera([
    'storage',
    'copy',
    '--from',
    'sqlite:nothing.db',
    '--to',
    'sqlite:copy.db',
  ])
  expect(code).toBe(1)
  expect(stderr).toContain(`there is no such database: ${join(folder, 'nothing.db')}`)
  expect(files()).toEqual([])
})

describe('the configuration', () => {
  const list = (args: readonly string[], env: Record<string, string> = {}) =>
    runTessera(['clients', 'list', ...args], env)
  const database = async (name: string) => {
    const storage = `sqlite:${join(folder, `${name}.db`)}`
    await migrateDatabase(storage, systemClock)
    writeFileSync(`${name}.yaml`, `storage: ${storage}\n`)
    return storage
  }

  test('is the one that TESSERA_CONFIG names, unless --config names another', async () => {
    await database('one')
    writeFileSync('two.yaml', 'storage: sqlite:./missing/two.db\n')
    expect(await list([], { TESSERA_CONFIG: 'one.yaml' })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await list(['-c', 'two.yaml'], { TESSERA_CONFIG: 'one.yaml' })).stderr).toContain(
      join(folder, 'missing', 'two.db'),
    )
    expect((await list(['-c', 'one.yaml'], { TESSERA_CONFIG: 'two.yaml' })).code).toBe(0)
  })

  test('may not be named by nothing', async () => {
    expect((await list([], { TESSERA_CONFIG: '' })).stderr).toMatch(/^tessera: TESSERA_CONFIG: must not be blank/)
    expect((await list(['-c', ''])).stderr).toMatch(/^tessera: --config: must not be blank/)
  })

  test('is the usual one where none is named and that is there', async () => {
    const storage = await database('usual')
    expect(configFile(undefined, {}, 'usual.yaml')).toBe('usual.yaml')
    expect(configFile(undefined, { TESSERA_CONFIG: 'other.yaml' }, 'usual.yaml')).toBe('other.yaml')
    expect(configFile(undefined, {}, 'nothing.yaml')).toBeUndefined()
    expect(readSettings(undefined, 'usual.yaml').location).toBe(storage)
  })

  test('may not name a database by a blank variable', async () => {
    expect((await list([], { TESSERA_STORAGE: '' })).stderr).toBe('tessera: TESSERA_STORAGE is "": must not be blank\n')
  })
})

test('`tessera storage migrate` makes the database that is named, and its folder', async () => {
  const env = { TESSERA_STORAGE: 'sqlite:./new/folder/tessera.db' }
  expect((await runTessera(['storage', 'migrate'], env)).stdout).toMatch(/^ran 0001-first\n/)
  expect(await runTessera(['clients', 'list'], env)).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('a folder that can not be made is an error at once', async () => {
  const { code, stderr } = await runTessera(['storage', 'migrate'], {
    TESSERA_STORAGE: 'sqlite:/proc/nope/deep/tessera.db',
  })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "tessera: storage: sqlite:/proc/nope/deep/tessera.db can't be used: there is no such file or folder\n",
  })
})
