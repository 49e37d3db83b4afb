/** The packages that the lockfile pins for the published package, and their installation. */

import { readFileSync } from 'node:fs'
import type { Component } from './sbom.ts'

/** An entry of package-lock.json. */
export interface Locked {
  readonly version: string
  readonly license?: string
  /** Subresource integrity: `sha512-` and base64. */
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** Entries by path, such as `node_modules/pg`. */
export type Packages = Readonly<Record<string, Locked>>

export const readLock = (): Packages =>
  (JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Packages }).packages

/** The entries that a package needs at run time, found as Node finds packages. @throws Error if the lockfile lacks one */
export function productionOf(root: Locked, all: Packages): Packages {
  const found = new Map<string, Locked>()
  const open = neededBy(root).map((name) => ({ name, from: '' }))
  for (const { name, from } of open) {
    const path = pathOf(name, from, all)
    const entry = path === undefined ? undefined : all[path]
    if (path === undefined || entry === undefined)
      throw new Error(`package-lock.json has no ${name} for ${from || '.'}`)
    if (found.has(path)) continue
    found.set(path, entry)
    open.push(...neededBy(entry).map((needed) => ({ name: needed, from: path })))
  }
  return Object.fromEntries([...found].sort(([one], [other]) => (one < other ? -1 : 1)))
}

const neededBy = ({ dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} }: Locked) => [
  ...Object.keys({ ...dependencies, ...optionalDependencies }),
  ...Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true),
]

/** The entry that a package sees under a name: below itself, or below a folder above it. */
function pathOf(name: string, from: string, all: Packages): string | undefined {
  const path = `${from === '' ? '' : `${from}/`}node_modules/${name}`
  if (all[path] !== undefined || from === '') return all[path] && path
  return pathOf(name, from.slice(0, Math.max(from.lastIndexOf('/node_modules/'), 0)), all)
}

/** The parts of the bill of materials. */
export const componentsOf = (packages: Packages): readonly Component[] =>
  Object.entries(packages).map(([path, entry]) => ({
    ...componentOf(nameOf(path), entry),
    dependsOn: neededBy(entry).map((name) => {
      const found = pathOf(name, path, packages) ?? ''
      return purlOf(name, packages[found]?.version ?? '')
    }),
  }))

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** A package of the npm registry. @throws Error if the lockfile lacks its licence or digest */
export function componentOf(name: string, { version, license, integrity }: Locked): Component {
  const [, base64] = /^sha512-([A-Za-z0-9+/=]+)$/.exec(integrity ?? '') ?? []
  if (license === undefined || base64 === undefined)
    throw new Error(`package-lock.json has no licence or no SHA-512 of ${name}`)
  return {
    purl: purlOf(name, version),
    name,
    version,
    licence: license,
    hash: { alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') },
    dependsOn: [],
  }
}

export const purlOf = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`
