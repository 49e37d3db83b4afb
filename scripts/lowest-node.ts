/**
 * Runs tests on the lowest Node that `engines` in package.json allows, to check that claim. The Node comes from the npm registry.
 * Arguments are those of Vitest. Without any, all tests run.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'

interface Manifest {
  readonly engines: { readonly node: string }
  readonly optionalDependencies: Readonly<Record<string, string>>
}

const { engines, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const lowest = /^>=(\d+\.\d+\.\d+)/.exec(engines.node)?.[1]
if (lowest === undefined) throw new Error(`engines.node begins with no lowest version: ${engines.node}`)
const name = Object.keys(optionalDependencies).find((one) => one.endsWith(`${process.platform}-${process.arch}`))
if (name === undefined) throw new Error(`there is no Node of ours for ${process.platform}-${process.arch}`)

const folder = mkdtempSync(join(tmpdir(), 'lowest-node-'))
try {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, `${name}@${lowest}`], { stdio: 'inherit' })
  execFileSync('tar', ['xzf', join(folder, `${name}-${lowest}.tgz`), '-C', folder])
  const bin = join(folder, 'package', 'bin')
  const node = join(bin, 'node')
  process.stdout.write(`Node ${execFileSync(node, ['--version'], { encoding: 'utf8' })}`)
  const { status } = spawnSync(node, [resolve('node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` },
  })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}
