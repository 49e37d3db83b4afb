import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { REMOTE } from '../../src/cli/global-options.ts'
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

test('the table has every command', () => {
  const known = Object.keys(commands).map((words) => words.replace(/ --.*/, ''))
  expect([...new Set(known)].toSorted()).toEqual([...commandsOf().keys()].toSorted())
})

const working = Object.entries(commands).filter(([, { database }]) => database === 'reads' || database === 'writes')

describe.each(working)('tessera %s', (words, needs) => {
  const run = (env: Record<string, string>) => runTessera(argsOf(words, needs), env, needs.input)

  test('without a configuration says how to name a database, and creates none', async () => {
    const { code, stdout, stderr } = await run({})
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^tessera: no database is named: .*--config or TESSERA_CONFIG; .*\/etc\/tessera\/tessera\.yaml; .* TESSERA_STORAGE; or run `tessera dev`.*\n$/,
    )
    expect(stderr.includes('--server or TESSERA_SERVER; or run `tessera login`')).toBe(
      REMOTE.has(words.replace(/ --.*/, '')),
    )
    expect(files()).toEqual([])
  })

  test.each(['typo.db', 'no/such/folder/typo.db'])(
    'names a path that doesn’t exist (%s), and creates nothing',
    async (path) => {
      const { code, stdout, stderr } = await run({ TESSERA_STORAGE: `sqlite:./${path}` })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/there is no such database: /)
      expect(stderr).toContain(join(folder, path))
      expect(files()).toEqual([])
    },
  )

  test('names the missing file in a folder where `tessera dev` has made nothing', async () => {
    mkdirSync('.tessera')
    expect((await run({})).stderr).toContain(join(folder, '.tessera', 'tessera.db'))
    expect(files()).toEqual(['.tessera'])
  })

  // A backup or a compaction copies the file, whatever its tables.
  test.runIf(words !== 'backup' && words !== 'storage compact')(
    'names the missing migrations of a database, and creates no table',
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

test('a copy creates neither a missing source nor its target', async () => {
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

  test('may not have an empty name', async () => {
    expect((await list([], { TESSERA_CONFIG: '' })).stderr).toMatch(/^tessera: TESSERA_CONFIG: must not be blank/)
    expect((await list(['-c', ''])).stderr).toMatch(/^tessera: --config: must not be blank/)
  })

  test('is the usual file if none is named and that file exists', async () => {
    const storage = await database('usual')
    expect(configFile(undefined, {}, 'usual.yaml')).toBe('usual.yaml')
    expect(configFile(undefined, { TESSERA_CONFIG: 'other.yaml' }, 'usual.yaml')).toBe('other.yaml')
    expect(configFile(undefined, {}, 'nothing.yaml')).toBeUndefined()
    expect(readSettings(undefined, '', 'usual.yaml').location).toBe(storage)
  })

  describe('a file that can not even be looked for is not called missing', () => {
    const LOOP = 'its symbolic links lead round in a circle'
    beforeEach(() => symlinkSync('loop', 'loop'))

    test('the usual file', () => {
      expect(() => readSettings(undefined, '', 'loop')).toThrow(`loop can't be read: ${LOOP}`)
      expect(configFile(undefined, { TESSERA_STORAGE: 'sqlite:./other.db' }, 'loop')).toBeUndefined()
    })

    test.each([
      ['the database', ['clients', 'list'], 'sqlite:./loop', `storage: sqlite:./loop can't be used: ${LOOP}`],
      ['the backup', ['restore', '--from', 'loop'], 'sqlite:./new.db', `loop can't be used: ${LOOP}`],
    ])('%s', async (_, args, storage, message) => {
      const env = { TESSERA_STORAGE: storage, TESSERA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
      expect(await runTessera(args, env)).toEqual({ code: 1, stdout: '', stderr: `tessera: ${message}\n` })
    })
  })

  test('may not name a database by a blank variable', async () => {
    expect((await list([], { TESSERA_STORAGE: '' })).stderr).toBe('tessera: TESSERA_STORAGE is "": must not be blank\n')
  })
})

test('`tessera storage migrate` creates the named database and its folder', async () => {
  const env = { TESSERA_STORAGE: 'sqlite:./new/folder/tessera.db' }
  expect((await runTessera(['storage', 'migrate'], env)).stdout).toMatch(/^ran 0001-first\n/)
  expect(await runTessera(['clients', 'list'], env)).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('a folder that can’t be created is an error at once', async () => {
  const { code, stderr } = await runTessera(['storage', 'migrate'], {
    TESSERA_STORAGE: 'sqlite:/proc/nope/deep/tessera.db',
  })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "tessera: storage: sqlite:/proc/nope/deep/tessera.db can't be used: there is no such file or folder\n",
  })
})
