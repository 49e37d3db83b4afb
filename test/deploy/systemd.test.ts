import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOptions } from '../../src/config/load.ts'
import { blocksOf } from '../harness/page.ts'
import { commandsOf } from '../harness/program.ts'

const UNIT = 'deploy/systemd/tessera.service'
const unit = readFileSync(UNIT, 'utf8')
/** The values of a setting, in order. */
const valuesOf = (name: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)

/** The exposure that `systemd-analyze security` may find, in tenths. A service without any protection has some 96. */
const MOST_EXPOSED = 15

const runs = (tool: string) => spawnSync(tool, ['--version']).status === 0
/** Since 250, `security` reads files, and a unit may name the folder of its credentials. */
const version = runs('systemd-analyze')
  ? Number(/systemd (\d+)/.exec(execFileSync('systemd-analyze', ['--version'], { encoding: 'utf8' }))?.[1])
  : 0
const hasSystemd = version >= 250

describe.skipIf(!hasSystemd)(
  hasSystemd ? 'systemd' : 'systemd (skipped: there is no systemd-analyze of 250 or later)',
  () => {
    let folder: string
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'tessera-systemd-'))
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    /** Writes the unit with a program that exists here. */
    function writeUnit(text: string): string {
      const file = join(folder, 'tessera.service')
      writeFileSync(file, text.replaceAll(/=tessera (?=serve|config)/g, '=/bin/true '))
      return file
    }

    const verify = (text: string) =>
      spawnSync('systemd-analyze', ['verify', '--man=no', writeUnit(text)], { encoding: 'utf8' })

    test('verifies the unit', () => {
      expect(verify(unit)).toMatchObject({ status: 0, stderr: '' })
    })

    test('finds a setting that does not exist', () => {
      expect(verify(unit.replace('KillMode=mixed', 'KillModes=mixed')).stderr).toContain('KillModes')
    })

    test('finds the unit little exposed', () => {
      const found = spawnSync(
        'systemd-analyze',
        ['security', '--offline=true', `--threshold=${MOST_EXPOSED}`, writeUnit(unit)],
        { encoding: 'utf8' },
      )
      expect({ status: found.status, output: found.status === 0 ? '' : found.stdout }).toEqual({
        status: 0,
        output: '',
      })
    })
  },
)

const makesUsers = runs('systemd-sysusers') && runs('systemd-tmpfiles') && process.getuid?.() === 0

test.skipIf(!makesUsers)(
  `the first commands of the page make the user and the files${makesUsers ? '' : ' (skipped: needs systemd-sysusers, systemd-tmpfiles and root)'}`,
  () => {
    const root = mkdtempSync(join(tmpdir(), 'tessera-root-'))
    try {
      for (const folder of ['etc/systemd/system', 'usr/lib/sysusers.d', 'usr/lib/tmpfiles.d'])
        mkdirSync(join(root, folder), { recursive: true })
      cpSync('deploy/systemd', join(root, 'deploy/systemd'), { recursive: true })
      for (const name of ['cert.pem', 'key.pem']) writeFileSync(join(root, 'deploy/systemd', name), name)
      const [first] = blocksOf('docs/start/systemd.md')
      const script = first?.text
        .replaceAll(/(?<= )\/(?=etc|usr)/g, `${root}/`)
        .replaceAll(/^systemd-\w+/gm, (tool) => `${tool} --root=${root}`)
      execFileSync('sh', ['-euc', script ?? ''], { cwd: root, stdio: 'pipe' })
      const passwd = readFileSync(join(root, 'etc/passwd'), 'utf8')
      const [, group = ''] = /^tessera:x:\d+:(\d+):[^:]*:\/var\/lib\/tessera:.*nologin$/m.exec(passwd) ?? []
      const rightsOf = (path: string) => {
        const { mode, uid, gid } = statSync(join(root, 'etc/tessera', path))
        return [(mode & 0o777).toString(8), uid, gid]
      }
      for (const folder of ['.', 'tls']) expect(rightsOf(folder)).toEqual(['750', 0, Number(group)])
      for (const file of ['cert.pem', 'key.pem']) expect(rightsOf(`tls/${file}`)).toEqual(['640', 0, Number(group)])
      expect(rightsOf('master-key')).toEqual(['600', 0, 0])
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
)

test('the unit runs commands that exist', () => {
  const own = [...valuesOf('ExecStart'), ...valuesOf('ExecReload')].filter((line) => line.startsWith('tessera '))
  expect(own).toEqual(['tessera serve', 'tessera config check'])
  expect([...commandsOf().keys()]).toEqual(expect.arrayContaining(own.map((line) => line.slice('tessera '.length))))
})

test('the variables of the unit are options', () => {
  const env = Object.fromEntries(
    valuesOf('Environment').flatMap((line) => line.split(' ').map((one) => one.split('='))),
  )
  expect(Object.keys(env)).toEqual(['TESSERA_CONFIG', 'TESSERA_MASTER_KEY_FILE'])
  expect(readOptions({ env }).mistakes).toEqual([])
})

test('systemd waits longer than the server may take to stop', () => {
  const { shutdown } = readOptions({ env: {} }).options
  expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThan(shutdown.delay + shutdown.timeout + 30)
})
