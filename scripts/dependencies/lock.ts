/** The packages of package-lock.json, as npm resolves them. */

import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const names = z.record(z.string(), z.string()).default({})
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      link: z.boolean().default(false),
      optional: z.boolean().default(false),
      dependencies: names,
      optionalDependencies: names,
      peerDependencies: names,
      peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default({}),
    }),
  ),
})

const { packages } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')))

/** An installed package. */
export interface Package {
  /** Its folder, such as `node_modules/zod`. */
  readonly path: string
  readonly name: string
  readonly version: string
  /** The SPDX expression; undefined if it has none. */
  readonly license: string | undefined
  /** Whether it is for some platforms only. */
  readonly isOptional: boolean
}

/** The names of the direct dependencies of the program, or of a workspace. @param path empty for the program */
export const directOf = (path: '' | 'console'): readonly string[] => Object.keys(packages[path]?.dependencies ?? {})

/** The packages that these need, themselves included, in the order of their names. @param names direct dependencies of `from` */
export function closureOf(names: readonly string[], from: '' | 'console' = ''): readonly Package[] {
  const found = new Map<string, Package>()
  const waiting = names.map((name) => resolve(from, name))
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const one = packages[path]
    if (found.has(path) || one === undefined) continue
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    found.set(path, { path, name, version: one.version ?? '', license: one.license, isOptional: one.optional })
    const peers = Object.keys(one.peerDependencies).filter((peer) => one.peerDependenciesMeta[peer]?.optional !== true)
    const needed = [...Object.keys(one.dependencies), ...Object.keys(one.optionalDependencies), ...peers]
    waiting.push(...needed.map((other) => resolve(path, other)))
  }
  return [...found.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1))
}

/** The folder in which Node finds a package, seen from another; undefined if npm installed none. */
function resolve(from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (at === '') return undefined
  }
}

/** The bytes of a package's files, without those of packages within it. */
export const sizeOf = ({ path }: Pick<Package, 'path'>): number =>
  globSync('**/*', { cwd: path, exclude: ['node_modules/**'], withFileTypes: true })
    .filter((one) => one.isFile())
    .reduce((sum, one) => sum + statSync(join(one.parentPath, one.name)).size, 0)
