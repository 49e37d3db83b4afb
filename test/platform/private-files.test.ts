import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemEvent } from '../../src/audit/system-event.ts'
import { backup, restore } from '../../src/cli/backup.ts'
import { ensureCertificate } from '../../src/cli/dev/certificate.ts'
import { developmentOptions } from '../../src/cli/dev/options.ts'
import { openEnvironment, openFile } from '../../src/cli/secrets/file.ts'
import { storageCompact, storageCopy, storageMigrate } from '../../src/cli/storage.ts'
import { loadOptions } from '../../src/config/load.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import { makeDatabasePrivate } from '../../src/store/sqlite/files.ts'
import { runCommand } from '../harness/command.ts'

let umask: number
let folder: string
beforeAll(() => {
  umask = process.umask(0o022)
})
afterAll(() => void process.umask(umask))
beforeEach(() => {
  // The mode that administrators and many packages use for folders.
  folder = mkdtempSync(join(tmpdir(), 'tessera-files-'))
  chmodSync(folder, 0o755)
})
afterEach(() => rmSync(folder, { recursive: true }))

const masterKey = randomBytes(32).toString('base64')
const environment = (path: string) => ({ TESSERA_STORAGE: `sqlite:${path}`, TESSERA_MASTER_KEY: masterKey })
const databases = () => ({ path: join(folder, 'tessera.db'), copy: join(folder, 'copy.db') })

/** Every file, with its mode. */
const modes = () =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, (statSync(join(parentPath, name)).mode & 0o777).toString(8)]),
  )

/** Other users must be able to read these, because their clients trust the CA of `tessera dev`. */
const PUBLIC = ['ca.pem', 'cert.pem']

function expectPrivate(least: number): void {
  const found = modes()
  expect(Object.keys(found).length, JSON.stringify(found)).toBeGreaterThanOrEqual(least)
  expect(found).toEqual(
    Object.fromEntries(Object.keys(found).map((name) => [name, PUBLIC.includes(name) ? '644' : '600'])),
  )
}

/** Opens a database and writes to it, so that all its files exist. */
async function openAndWrite(path: string) {
  const store = await openStore(`sqlite:${path}`, systemClock)
  await store.audit.append([systemEvent('database.restore', {}, { clock: systemClock, random: systemRandom })])
  return store
}

/** Everything that makes files, with the least number of files. */
const makers: Readonly<Record<string, () => Promise<number>>> = {
  'a database in use': async () => {
    const store = await openAndWrite(databases().path)
    expectPrivate(3)
    await store.close()
    return 1
  },
  'a database in new folders': async () => {
    const path = join(folder, 'new', 'folder', 'tessera.db')
    const store = await openAndWrite(path)
    expectPrivate(3)
    await store.close()
    for (const made of [dirname(path), dirname(dirname(path))]) expect(statSync(made).mode & 0o777).toBe(0o700)
    return 1
  },
  'a database through a dangling link': async () => {
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync(join(folder, 'elsewhere', 'tessera.db'), databases().path)
    const store = await openAndWrite(databases().path)
    expectPrivate(3)
    await store.close()
    return 1
  },
  'tessera storage migrate': async () => {
    await runCommand(environment(databases().path), () => storageMigrate({}))
    return 1
  },
  'tessera backup': async () => {
    const { path, copy } = databases()
    const store = await openAndWrite(path)
    expect((await runCommand(environment(path), () => backup({ to: copy }))).error).toBeUndefined()
    expectPrivate(4)
    await store.close()
    return 2
  },
  'tessera restore, over a database that others could read': async () => {
    const { path, copy } = databases()
    await (await openAndWrite(path)).close()
    await runCommand(environment(path), () => backup({ to: join(folder, 'backup.db') }))
    chmodSync(path, 0o644)
    const restored = await runCommand(environment(copy), () => restore({ from: join(folder, 'backup.db') }))
    expect(restored.error).toBeUndefined()
    const replaced = await runCommand(environment(path), () =>
      restore({ from: join(folder, 'backup.db'), replace: true }),
    )
    expect(replaced.error).toBeUndefined()
    return 4
  },
  'tessera storage copy': async () => {
    const { path, copy } = databases()
    await (await openAndWrite(path)).close()
    const copied = await runCommand({}, () => storageCopy({ from: `sqlite:${path}`, to: `sqlite:${copy}` }))
    expect(copied.error).toBeUndefined()
    return 2
  },
  'tessera storage compact': async () => {
    const { path } = databases()
    await (await openAndWrite(path)).close()
    chmodSync(path, 0o644)
    expect((await runCommand(environment(path), () => storageCompact({}))).error).toBeUndefined()
    return 1
  },
  'the keys of tessera dev and its master key, beside public certificates': async () => {
    const data = join(folder, 'data')
    const options = loadOptions({ env: {}, flags: { data } })
    // As in `tessera dev`.
    const before = process.umask(0o077)
    try {
      await developmentOptions(options, () => false, systemClock, systemRandom)
    } finally {
      process.umask(before)
    }
    // Others can pass through the folders to the certificates, but can list only the second folder.
    const mode = (name: string) => (statSync(join(data, name)).mode & 0o777).toString(8)
    expect({ data: mode(''), tls: mode('tls') }).toEqual({ data: '711', tls: '755' })
    expect(Object.keys(modes()).sort()).toEqual(['ca-key.pem', 'ca.pem', 'cert.pem', 'key.pem', 'master.key'])
    return 5
  },
  'new secrets, in a file of lines and in a file of variables': async () => {
    for (const open of [openFile, openEnvironment]) {
      const place = open(join(folder, open.name))
      place.take([{ client_id: 'job', secret: 'a-new-secret' }], () => '')
      place.end(true)
    }
    return 2
  },
  'the key of tessera dev, over an unfinished file': async () => {
    mkdirSync(join(folder, 'tls'))
    writeFileSync(join(folder, 'tls', `key.pem.${process.pid}.new`), '', { mode: 0o666 })
    ensureCertificate(folder, systemClock, systemRandom)
    return 4
  },
  'the keys of tessera dev, after others could read them': async () => {
    ensureCertificate(folder, systemClock, systemRandom)
    for (const name of ['key.pem', 'ca-key.pem']) chmodSync(join(folder, 'tls', name), 0o644)
    ensureCertificate(folder, systemClock, systemRandom)
    return 4
  },
}

describe('only the owner can use', () => {
  test.each(Object.entries(makers))('%s', async (_, make) => {
    expectPrivate(await make())
  })

  test.each(['644', '660', '666', '777'])(
    'a database of an earlier version, of mode 0%s, with its side files',
    async (mode) => {
      const { path } = databases()
      const store = await openAndWrite(path)
      for (const end of ['', '-wal', '-shm']) chmodSync(path + end, Number.parseInt(mode, 8))
      const other = await openAndWrite(path)
      expect(new Set(Object.values(modes()).map((found) => found.slice(1)))).toEqual(new Set(['00']))
      expect(other.warnings()).toEqual([])
      await other.close()
      await store.close()
    },
  )

  test('files of another user stay unchanged, and are named', () => {
    // The superuser may change the mode of every file.
    const isRoot = process.geteuid?.() === 0
    const path = isRoot ? join(folder, 'theirs') : '/etc/hosts'
    if (isRoot) {
      writeFileSync(path, '', { mode: 0o644 })
      process.seteuid?.(65_534)
    }
    const open = makeDatabasePrivate(path)
    if (isRoot) process.seteuid?.(0)
    expect(open).toEqual([path])
    expect(statSync(path).mode & 0o777).toBe(0o644)
  })
})

test('only these modules make files and folders, and the table has each', () => {
  const MAKES =
    /\b(?:open(?:Sync)?\((?!\w+, 'r'\))|(?:mkdir(?:Sync)?|writeFile(?:Sync)?|appendFile(?:Sync)?|copyFile(?:Sync)?|cp(?:Sync)?|createWriteStream|mkdtemp(?:Sync)?)\()|new DatabaseSync\(|vacuum into/
  const places = globSync('src/**/*.ts').filter((file) => MAKES.test(importsOfFiles(readFileSync(file, 'utf8'))))
  expect(places.sort()).toEqual([
    'src/cli/dev/files.ts',
    'src/cli/export/files.ts',
    'src/cli/remote/profiles.ts',
    'src/cli/secrets/file.ts',
    'src/platform/appended-file.ts',
    'src/platform/files.ts',
    'src/platform/private-files.ts',
    'src/store/sqlite/checkpoint-thread.ts',
    'src/store/sqlite/compact.ts',
    'src/store/sqlite/copy-file.ts',
    'src/store/sqlite/dialect.ts',
    'src/store/sqlite/restore.ts',
  ])
})

/** The file-related imports of a source; empty if it has none. */
const importsOfFiles = (source: string): string => (/'node:(?:fs|fs\/promises|sqlite)'/.test(source) ? source : '')
