/** The libraries that Node needs, from Debian packages whose version and digest `deploy/image/debian.json` pins. */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Architecture } from './platforms.ts'
import { run } from './run.ts'
import type { Component } from './sbom.ts'
import type { Tree } from './tree.ts'

interface Pin {
  readonly name: string
  readonly version: string
  /** The folder of the package in an archive of Debian. */
  readonly pool: string
  /** SPDX. */
  readonly licence: string
  readonly libraries: readonly string[]
  readonly sha256: Readonly<Record<Architecture, string>>
}

/** Where each architecture keeps libraries, and the loader that programs name. */
const PLACES = {
  amd64: { libraries: 'usr/lib/x86_64-linux-gnu', loader: 'lib64/ld-linux-x86-64.so.2' },
  arm64: { libraries: 'usr/lib/aarch64-linux-gnu', loader: 'lib/ld-linux-aarch64.so.1' },
} as const satisfies Record<Architecture, object>

const PINS = 'deploy/image/debian.json'
const CACHE = 'node_modules/.cache/image'
/** Milliseconds for a package, the largest of which has 3 MB. */
const PATIENCE = 120_000

/**
 * Adds the libraries of an architecture to a tree, with their licences and the notes by which scanners know Debian packages.
 * @param archives addresses of archives of Debian, tried in this order
 */
export async function addLibraries(
  tree: Tree,
  architecture: Architecture,
  archives: readonly string[],
): Promise<readonly Component[]> {
  const { packages } = JSON.parse(readFileSync(PINS, 'utf8')) as { packages: readonly Pin[] }
  const components: Component[] = []
  for (const pin of packages) {
    const file = await fetchPackage(pin, architecture, archives)
    const folder = mkdtempSync(join(tmpdir(), 'tessera-deb-'))
    try {
      run('dpkg-deb', ['-x', file, folder])
      addFiles(tree, pin, architecture, folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
    tree.file(`var/lib/dpkg/status.d/${pin.name}`, run('dpkg-deb', ['-f', file]))
    components.push(componentOf(pin, architecture))
  }
  return components
}

function addFiles(tree: Tree, { name, libraries }: Pin, architecture: Architecture, folder: string): void {
  const place = PLACES[architecture]
  for (const library of libraries) {
    const path = `${place.libraries}/${library}`
    tree.file(path, readFileSync(join(folder, path)), 0o755)
  }
  if (name === 'libc6')
    tree.file(place.loader, readFileSync(join(folder, place.libraries, place.loader.split('/')[1] ?? '')), 0o755)
  // The libraries of GCC have one file of licences, in a package of its own.
  const copyright = `usr/share/doc/${name}/copyright`
  if (existsSync(join(folder, copyright))) tree.file(copyright, readFileSync(join(folder, copyright)))
}

const componentOf = ({ name, version, licence, sha256 }: Pin, architecture: Architecture): Component => ({
  purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-13`,
  name,
  version,
  licence,
  hash: { alg: 'SHA-256', content: sha256[architecture] },
  dependsOn: [],
})

/** Fetches a package, unless an earlier run has. @returns its file @throws Error that says how to mend it */
async function fetchPackage(pin: Pin, architecture: Architecture, archives: readonly string[]): Promise<string> {
  const expected = pin.sha256[architecture]
  const file = join(CACHE, `${expected}.deb`)
  if (existsSync(file) && digestOf(readFileSync(file)) === expected) return file
  const path = `${pin.pool}/${pin.name}_${pin.version}_${architecture}.deb`
  const faults: string[] = []
  for (const archive of archives) {
    const address = `${archive.replace(/\/$/, '')}/${path}`
    const { bytes, fault } = await download(address)
    if (bytes !== undefined && digestOf(bytes) === expected) {
      mkdirSync(CACHE, { recursive: true })
      writeFileSync(`${file}.${process.pid}`, bytes)
      renameSync(`${file}.${process.pid}`, file)
      return file
    }
    faults.push(`${address}: ${fault ?? `its SHA-256 is not ${expected}`}`)
  }
  const mend = `name an archive that has it with --debian, or pin the present version in ${PINS}`
  throw new Error([`no archive has ${path}: ${mend}`, ...faults].join('\n  '))
}

async function download(address: string): Promise<{ readonly bytes?: Buffer; readonly fault?: string }> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) })
    return response.ok ? { bytes: Buffer.from(await response.arrayBuffer()) } : { fault: `answers ${response.status}` }
  } catch {
    return { fault: 'can’t be reached' }
  }
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The archives that this machine installs from; none if it is not a Debian machine. */
export function archivesHere(): readonly string[] {
  try {
    const listed = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).toString()
    return [...new Set(listed.split('\n').filter((line) => line.startsWith('http')))]
  } catch {
    return []
  }
}
