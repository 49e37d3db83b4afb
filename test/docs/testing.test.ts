import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LONGEST, runProgram, runs } from '../interop/other-languages.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The first block of a language in the page. */
function blockOf(language: string): string {
  const page = readFileSync('docs/integrating/testing.md', 'utf8')
  const [, text] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page) ?? []
  if (text === undefined) throw new Error(`the page has no block of ${language}`)
  return text
}

let folder: string
beforeAll(() => {
  // Inside the repository, so that programs of Node find its packages.
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/testing-'))
  for (const name of ['bin', 'access']) mkdirSync(join(folder, name))
  // A server makes no secret for the credentials of files.
  const manifest = readFileSync('examples/manifest.yaml', 'utf8').replaceAll(
    'label: current }',
    'label: current, secret: of a test }',
  )
  writeFileSync(join(folder, 'access/main.yaml'), manifest)
  const program = join(folder, 'bin/tessera')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`)
  chmodSync(program, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true }))

const options = () => ({ cwd: folder, env: { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` } })

test('the tests for Node pass', { timeout: LONGEST }, async () => {
  writeFileSync(join(folder, 'orders.test.mjs'), blockOf('js'))
  const printed = await runProgram(process.execPath, ['--test', '--test-reporter=tap', 'orders.test.mjs'], options())
  expect(printed).toMatch(/^# pass 5$/m)
})

test('the tests for Python pass', { timeout: LONGEST }, async ({ skip }) => {
  if (!(await runs('python3', ['-c', 'import jwt, cryptography, pytest'])))
    skip('there is no Python with pytest and pyjwt[crypto]')
  writeFileSync(join(folder, 'test_orders.py'), blockOf('python'))
  expect(await runProgram('python3', ['-m', 'pytest', '-q', 'test_orders.py'], options())).toMatch(/^5 passed/m)
})
