/**
 * Makes a release: the npm package, the container image, their checksums, and a signature of these. Without --out it only checks
 * whether the checkout is one of a release. CONTRIBUTING.md says how to release, docs/operating/releases.md how to check a download.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readChangelog } from './changelog.ts'

const USAGE = 'usage: npm run release -- [--out FOLDER --key FILE]\n  FOLDER must not exist yet. FILE is an SSH key.'
/** The keys that sign releases, and the name and purpose of their signatures (ssh-keygen(1), ALLOWED SIGNERS). */
const SIGNERS = 'deploy/release-signers'
const SIGNER = 'release@tessera'
const PURPOSE = 'tessera-release'
const SUMS = 'SHA256SUMS'
/** The folders from which files get into the package and the image. */
const SOURCES = ['console/public', 'deploy', 'docs', 'examples', 'scripts', 'src']

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const run = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()

/** Why the checkout is not one of a release, one line each. */
function problemsOf(version: string): readonly string[] {
  const problems: string[] = []
  const require = (holds: boolean, problem: string) => holds || problems.push(problem)
  require(run('git', ['status', '--porcelain']) === '', 'the tree has changes that are not committed')
  // Git lists no ignored file among the changes, such as a log that an example has left.
  const [foreign] = run('git', ['ls-files', '--others', '--ignored', '--exclude-standard', '--', ...SOURCES]).split(
    '\n',
  )
  require(foreign === '', `git ignores ${foreign}, which could get into the release: remove it`)
  require(/^\d+\.\d+\.\d+$/.test(version), `package.json: ${version} is no semantic version`)
  const { version: locked } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { version?: string }
  require(locked === version, `package-lock.json has version ${locked}, and package.json ${version}`)
  const [unreleased, newest] = readChangelog(readFileSync('CHANGELOG.md', 'utf8'))
  require(unreleased?.name === 'Unreleased', 'CHANGELOG.md: the first heading must be "## Unreleased"')
  require(unreleased?.sections.size ===
    0, `CHANGELOG.md: "Unreleased" has entries: move them to "## ${version} - <date>"`)
  require(newest?.name === version, `CHANGELOG.md: the newest version is ${newest?.name ?? 'none'}, and not ${version}`)
  const tags = run('git', ['tag', '--points-at', 'HEAD']).split('\n')
  require(tags.includes(`v${version}`), `no tag v${version} points at this commit`)
  return problems
}

/** Builds everything that people download into a folder. */
function build(out: string): void {
  const work = mkdtempSync(join(tmpdir(), 'tessera-release-'))
  try {
    // The built console is ignored, too, so that nobody sees a change in it.
    if (existsSync('scripts/console.ts')) run(process.execPath, ['scripts/console.ts', '--force'])
    run(process.execPath, ['scripts/build.ts', join(work, 'package')])
    const packed = run('npm', ['pack', '--silent', '--pack-destination', out, join(work, 'package')])
    if (!existsSync('scripts/image.ts')) return
    const layout = join(work, 'image')
    run(process.execPath, ['scripts/image.ts', layout, '--package', join(out, packed)])
    // The order and the times of files are fixed, so that the same commit gives the same archive.
    const fixed = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar']
    run('tar', [...fixed, '-cf', join(out, packed.replace(/\.tgz$/, '-image.tar')), '-C', layout, '.'])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The checksums of all files of a folder, as `sha256sum` writes them. */
const sumsOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(folder, file)).isFile())
    .sort()
    .map((file) => `${hash('sha256', readFileSync(join(folder, file)))}  ${file}\n`)
    .join('')

/** Signs the checksums. @throws Error if people could not verify that with the keys of the checkout */
function sign(out: string, key: string): void {
  const sums = join(out, SUMS)
  run('ssh-keygen', ['-q', '-Y', 'sign', '-f', key, '-n', PURPOSE, sums])
  const args = ['-Y', 'verify', '-f', SIGNERS, '-I', SIGNER, '-n', PURPOSE, '-s', `${sums}.sig`]
  const { status } = spawnSync('ssh-keygen', args, { input: readFileSync(sums) })
  if (status !== 0) throw new Error(`${SIGNERS} does not have the key ${key}: nobody could verify the signature`)
}

function release(): void {
  const { values } = parseArgs({ options: { out: { type: 'string' }, key: { type: 'string' } } })
  const { out, key } = values
  if ((out === undefined) !== (key === undefined) || (out !== undefined && existsSync(out))) throw new Error(USAGE)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const problems = problemsOf(version)
  if (problems.length > 0) throw new Error(`this is no release:\n${problems.map((one) => `  ${one}`).join('\n')}`)
  if (out === undefined || key === undefined) {
    say(`${version} can be released: --out and --key make the files and sign them`)
    return
  }
  mkdirSync(out, { recursive: true })
  try {
    build(out)
    writeFileSync(join(out, SUMS), sumsOf(out))
    sign(out, key)
  } catch (error) {
    rmSync(out, { recursive: true })
    throw error
  }
  say(`${out} has version ${version}:\n${readFileSync(join(out, SUMS), 'utf8')}`)
}

try {
  release()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
