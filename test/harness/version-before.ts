import { execFileSync } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * The version before, until there is a release: the last commit without the migrations 0018 and 0019. Its dependencies are among those of
 * this checkout.
 */
const COMMIT = '5506f80e0f3739520df8242d3194c8886e5855ce'

const git = (...args: string[]): string =>
  execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()

/** The newest release before this commit, or else {@link COMMIT}; undefined if the history is not here, as in a shallow clone. */
export function findVersionBefore(): string | undefined {
  for (const find of [() => git('describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^'), () => COMMIT])
    try {
      return git('rev-parse', '--verify', `${find()}^{commit}`)
    } catch {}
  return undefined
}

/** Puts the sources of a commit into a new folder, which the caller removes. @returns the folder, and its program */
export function checkOut(commit: string): { readonly folder: string; readonly main: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-before-'))
  const archive = execFileSync('git', ['archive', '--format=tar', commit, 'src', 'package.json'], {
    maxBuffer: 256 * 1024 * 1024,
  })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  return { folder, main: join(folder, 'src/cli/main.ts') }
}
