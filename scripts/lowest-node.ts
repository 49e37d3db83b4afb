/**
 * Runs tests on the lowest Node that `engines` in package.json allows, to check that claim. The Node comes from the npm registry.
 * Arguments are those of Vitest. Without any, all tests run.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fetchNode, lowestNode } from './fetch-node.ts'

const folder = mkdtempSync(join(tmpdir(), 'lowest-node-'))
try {
  const node = fetchNode(lowestNode(), folder)
  process.stdout.write(`Node ${execFileSync(node, ['--version'], { encoding: 'utf8' })}`)
  const { status } = spawnSync(node, [resolve('node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH']}` },
  })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}
