/** The layers of the published package: its dependencies, and itself. */

import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { componentsOf, type Locked, type Packages, productionOf, purlOf } from './lock.ts'
import { withInstalled } from './npm.ts'
import type { Component } from './sbom.ts'
import { Tree } from './tree.ts'

const HOME = 'usr/lib/tessera'

/** The package.json of the published package. */
interface Manifest extends Locked {
  readonly name: string
  readonly license: string
  readonly bin: { readonly tessera: string }
  readonly repository?: { readonly url: string }
}

/** The published package. */
export interface Program extends Manifest {
  /** The folder of its files. */
  readonly files: string
  /** The entries of the lockfile that it needs at run time. */
  readonly production: Packages
}

/** Reads an unpacked package. @throws Error if the lockfile lacks a dependency of it */
export function readProgram(files: string, locked: Packages): Program {
  const manifest = JSON.parse(readFileSync(join(files, 'package.json'), 'utf8')) as Manifest
  return { ...manifest, files, production: productionOf(manifest, locked) }
}

/** The dependencies, in the versions of the lockfile. */
export function dependenciesOf({ name, version, dependencies = {}, production }: Program): Tree {
  const tree = new Tree()
  const root = { name, version, dependencies }
  withInstalled(root, production, (installed) => tree.copy(installed, `${HOME}/node_modules`))
  return tree
}

/** The files of the package, the command, and the bill of materials of the image. */
export function programTree({ files, bin }: Program, bill: string): Tree {
  const tree = new Tree()
  tree.copy(files, HOME)
  // The first line names Node itself, because the image has no `env` that finds it.
  const command = readFileSync(join(files, bin.tessera), 'utf8').replace(/^#!.*/, '#!/usr/bin/node')
  const path = posix.join(HOME, bin.tessera)
  tree.file(path, command, 0o755)
  tree.link('usr/bin/tessera', posix.relative('usr/bin', path))
  tree.file('usr/share/doc/tessera/sbom.cdx.json', bill)
  return tree
}

/** The package and its dependencies for the bill of materials. @param node the part on which all of them run */
export function partsOf(
  { name, version, license, dependencies = {}, production }: Program,
  node: Component,
): { readonly app: Component; readonly packages: readonly Component[] } {
  const direct = Object.keys(dependencies).map((one) => purlOf(one, production[`node_modules/${one}`]?.version ?? ''))
  const purl = purlOf(name, version)
  return {
    app: { purl, name, version, licence: license, dependsOn: [...direct, node.purl] },
    packages: componentsOf(production),
  }
}
