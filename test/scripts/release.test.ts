import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** Builds as scripts/build.ts does: into the folder that is its argument. */
const BUILD = `import { mkdirSync, writeFileSync } from 'node:fs'
const [, , out] = process.argv
mkdirSync(out, { recursive: true })
writeFileSync(out + '/package.json', JSON.stringify({ name: 'tessera-as', version: '1.2.3' }))
`
const CHANGES = '# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2027-01-31\n\n### Added\n\n- All of it.\n'
const lacking = spawnSync('ssh-keygen', ['-?']).error === undefined ? '' : ' (skipped: there is no ssh-keygen)'

let folder: string
let checkout: string
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd: checkout,
    stdio: 'pipe',
  })
const write = (path: string, content: string) => writeFileSync(join(checkout, path), content)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-release-'))
  checkout = join(folder, 'checkout')
  mkdirSync(join(checkout, 'scripts'), { recursive: true })
  mkdirSync(join(checkout, 'deploy'))
  for (const file of ['release.ts', 'changelog.ts']) cpSync(`scripts/${file}`, join(checkout, 'scripts', file))
  write('scripts/build.ts', BUILD)
  for (const file of ['package.json', 'package-lock.json'])
    write(file, JSON.stringify({ name: 'tessera-as', version: '1.2.3', type: 'module' }))
  write('CHANGELOG.md', CHANGES)
  git('init', '--quiet')
})
afterEach(() => rmSync(folder, { recursive: true }))

function makeKey(name: string): { readonly path: string; readonly signer: string } {
  const path = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path])
  return { path, signer: `release@tessera namespaces="tessera-release" ${readFileSync(`${path}.pub`, 'utf8')}` }
}

function commit(tag = 'v1.2.3'): void {
  git('add', '-A')
  git('commit', '--quiet', '-m', 'x')
  git('tag', tag)
}

const release = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/release.ts', ...args], { cwd: checkout, encoding: 'utf8' })

/** The commands of docs/operating/releases.md, in the folder of the download. */
const verify = (out: string) => ({
  signature: spawnSync(
    'ssh-keygen',
    [
      '-Y',
      'verify',
      '-f',
      resolve(checkout, 'deploy/release-signers'),
      '-I',
      'release@tessera',
      '-n',
      'tessera-release',
      '-s',
      'SHA256SUMS.sig',
    ],
    { cwd: out, input: readFileSync(join(out, 'SHA256SUMS')) },
  ).status,
  sums: spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out }).status,
})

test.skipIf(lacking !== '')(`a release can be verified, and a changed file or signature can't${lacking}`, () => {
  const key = makeKey('key')
  write('deploy/release-signers', key.signer)
  write('scripts/console.ts', `import { writeFileSync } from 'node:fs'\nwriteFileSync('built', process.argv[2])`)
  commit()
  expect(release()).toMatchObject({ status: 0, stdout: expect.stringContaining('1.2.3 can be released') })
  const out = join(folder, 'out')
  expect(release('--out', out, '--key', key.path)).toMatchObject({ status: 0, stderr: '' })
  expect(readdirSync(out).sort()).toEqual(['SHA256SUMS', 'SHA256SUMS.sig', 'tessera-as-1.2.3.tgz'])
  expect(verify(out)).toEqual({ signature: 0, sums: 0 })
  // A console that was built before might have been changed since.
  expect(readFileSync(join(checkout, 'built'), 'utf8')).toBe('--force')

  const file = join(out, 'tessera-as-1.2.3.tgz')
  const bytes = readFileSync(file)
  writeFileSync(file, Buffer.concat([bytes, Buffer.from('x')]))
  expect(verify(out)).toEqual({ signature: 0, sums: 1 })
  writeFileSync(file, bytes)

  const sums = join(out, 'SHA256SUMS')
  const signed = readFileSync(sums, 'utf8')
  writeFileSync(
    sums,
    signed.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
  )
  expect(verify(out).signature).not.toBe(0)
  writeFileSync(sums, signed)

  // A signature by a stranger, and one by the right key for another purpose.
  const stranger = makeKey('stranger')
  for (const [by, purpose] of [
    [stranger.path, 'tessera-release'],
    [key.path, 'git'],
  ] as const) {
    rmSync(`${sums}.sig`)
    execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-f', by, '-n', purpose, sums], { stdio: 'pipe' })
    expect(verify(out).signature).not.toBe(0)
  }
})

test.skipIf(lacking !== '')(`a key that nobody could verify signs nothing${lacking}`, () => {
  write('deploy/release-signers', makeKey('key').signer)
  commit()
  const out = join(folder, 'out')
  const { status, stderr } = release('--out', out, '--key', makeKey('stranger').path)
  expect(stderr).toMatch(
    /deploy\/release-signers does not have the key .*stranger: nobody could verify the signature\n$/,
  )
  expect(status).toBe(1)
  expect(existsSync(out)).toBe(false)
})

const wrong: [string, () => void, RegExp][] = [
  [
    'a change that is not committed',
    () => {
      commit()
      write('more', '')
    },
    /the tree has changes that are not committed/,
  ],
  [
    'an ignored file in a folder that is packed',
    () => {
      write('.gitignore', '*.log\n')
      commit()
      write('deploy/debug.log', 'a token')
    },
    /git ignores deploy\/debug\.log, which could get into the release: remove it/,
  ],
  ['another tag', () => commit('v1.2.2'), /no tag v1\.2\.3 points at this commit/],
  [
    'another version in the changelog',
    () => {
      write('CHANGELOG.md', CHANGES.replace('1.2.3', '1.2.2'))
      commit()
    },
    /the newest version is 1\.2\.2, and not 1\.2\.3/,
  ],
  [
    'entries that are in no version',
    () => {
      write('CHANGELOG.md', CHANGES.replace('## Unreleased', '## Unreleased\n\n### Fixed\n\n- One.'))
      commit()
    },
    /"Unreleased" has entries: move them to "## 1\.2\.3 - <date>"/,
  ],
  [
    'another version in the lockfile',
    () => {
      write('package-lock.json', '{"version":"1.2.2"}')
      commit()
    },
    /package-lock\.json has version 1\.2\.2, and package\.json 1\.2\.3/,
  ],
]
test.each(wrong)('%s is no release', (_name, spoil, message) => {
  spoil()
  const { status, stderr } = release()
  expect(stderr).toMatch(message)
  expect(stderr.split('\n')).toHaveLength(3)
  expect(status).toBe(1)
})
