/** Packages of the npm registry, fetched by npm as this machine has it set up. No script of a package is run. */

import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locked, Packages } from './lock.ts'
import { run } from './run.ts'

/** Packs a folder, or a package of the registry, into a file in `folder`. @returns the file */
export function pack(what: string, folder: string): string {
  mkdirSync(folder, { recursive: true })
  run('npm', ['pack', what, '--ignore-scripts', '--silent', '--pack-destination', folder])
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  if (file === undefined) throw new Error(`npm pack made no file of ${what}`)
  return join(folder, file)
}

/** Unpacks a packed package into a new folder. @returns the folder of its files */
export function unpack(file: string, folder: string): string {
  mkdirSync(folder, { recursive: true })
  run('tar', ['-xzf', file, '-C', folder])
  return join(folder, 'package')
}

/** Fetches a pinned package of any platform, and unpacks it. @throws Error if its digest is not that of the lockfile */
export function fetchPinned(name: string, { version, integrity }: Locked, folder: string): string {
  const file = pack(`${name}@${version}`, folder)
  const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (digest !== integrity) throw new Error(`${name}@${version}: the registry's file is not that of package-lock.json`)
  return unpack(file, join(folder, 'files'))
}

/** Installs exactly these entries of the lockfile into a temporary folder while `use` reads its `node_modules`. */
export function withInstalled(root: Locked, packages: Packages, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-install-'))
  try {
    const lock = { lockfileVersion: 3, requires: true, packages: { '': root, ...packages } }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(root))
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock))
    const quiet = [
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-bin-links',
      '--loglevel=error',
      '--prefer-offline',
    ]
    run('npm', ['ci', ...quiet], folder)
    const installed = join(folder, 'node_modules')
    // npm's own note of the installation.
    rmSync(join(installed, '.package-lock.json'), { force: true })
    use(installed)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
