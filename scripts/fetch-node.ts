import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Manifest {
  readonly engines: { readonly node: string }
  readonly optionalDependencies: Readonly<Record<string, string>>
}

const { engines, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

/** The lowest version of Node that `engines` in package.json allows. */
export function lowestNode(): string {
  const lowest = /^>=(\d+\.\d+\.\d+)/.exec(engines.node)?.[1]
  if (lowest === undefined) throw new Error(`engines.node begins with no lowest version: ${engines.node}`)
  return lowest
}

/**
 * Fetches a Node for this machine from the npm registry.
 * @param version a version or a range
 * @param folder where the package is unpacked
 * @returns the path of the program
 */
export function fetchNode(version: string, folder: string): string {
  const name = Object.keys(optionalDependencies).find((one) => one.endsWith(`${process.platform}-${process.arch}`))
  if (name === undefined) throw new Error(`there is no Node of ours for ${process.platform}-${process.arch}`)
  return join(fetchPackage(`${name}@${version}`, folder), 'bin/node')
}

/**
 * Fetches a package from the npm registry.
 * @param spec its name and a version or a range, such as `npm@10`
 * @param folder where it is unpacked
 * @returns the folder with its files
 */
export function fetchPackage(spec: string, folder: string): string {
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, spec], { encoding: 'utf8' })
  const file = packed.trim().split('\n').at(-1) ?? ''
  execFileSync('tar', ['xzf', join(folder, file), '-C', folder])
  return join(folder, 'package')
}
