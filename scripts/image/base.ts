/** The lowest layer: Node, the libraries that it needs, and a few files of a system. It has no shell and no package manager. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addLibraries } from './debian.ts'
import { componentOf, type Packages } from './lock.ts'
import { fetchPinned } from './npm.ts'
import { type Architecture, PLATFORMS } from './platforms.ts'
import type { Component } from './sbom.ts'
import { Tree } from './tree.ts'

const ROOTFS = 'deploy/image/rootfs'
/** The user and the group `tessera` of `deploy/image/rootfs/etc/`. */
export const USER = 65_532

/** Where to take the files from. */
interface Sources {
  readonly locked: Packages
  /** Addresses of archives of Debian. */
  readonly archives: readonly string[]
  /** A temporary folder. */
  readonly work: string
}

/** The files of the layer, and its parts for the bill of materials. @throws Error that says how to mend it */
export async function baseOf(
  architecture: Architecture,
  { locked, archives, work }: Sources,
): Promise<{ readonly tree: Tree; readonly node: Component; readonly libraries: readonly Component[] }> {
  const tree = new Tree()
  tree.copy(ROOTFS, '')
  // Engines mount file systems on these, and can't make folders in a root that is read-only.
  for (const mounted of ['dev', 'proc', 'run', 'sys']) tree.folder(mounted)
  tree.folder('tmp', 0o1777)
  tree.folder('var/lib/tessera', 0o700, USER)
  const libraries = await addLibraries(tree, architecture, archives)
  return { tree, libraries, node: addNode(tree, PLATFORMS[architecture].node, locked, work) }
}

/** Adds Node, from the package of the registry that the lockfile pins. */
function addNode(tree: Tree, name: string, locked: Packages, work: string): Component {
  const entry = locked[`node_modules/${name}`]
  if (entry === undefined) throw new Error(`package-lock.json has no ${name}`)
  const files = fetchPinned(name, entry, join(work, name))
  tree.file('usr/bin/node', readFileSync(join(files, 'bin/node')), 0o755)
  tree.file('usr/share/doc/node/LICENSE', readFileSync(join(files, 'LICENSE')))
  // Lists of vulnerabilities know Node by this name, not by that of its package.
  const cpe = `cpe:2.3:a:nodejs:node.js:${entry.version}:*:*:*:*:*:*:*`
  return { ...componentOf(name, entry), name: 'node', cpe }
}
