import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppendedFile } from '../../src/platform/appended-file.ts'
import { replacePrivateFile } from '../../src/platform/private-files.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { runTessera } from '../harness/program.ts'

let folder: string
let env: { TESSERA_STORAGE: string }
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tessera-destinations-')))
  env = { TESSERA_STORAGE: emptyDatabase(join(folder, 'a.db')) }
  const manifest = 'apis: [{ audience: "https://a.example.com", scopes: [{ name: a }] }]'
  expect(await runTessera(['apply', '-f', '-'], env, manifest)).toMatchObject({ code: 0 })
})
afterAll(() => rmSync(folder, { recursive: true }))

async function run(...args: readonly string[]): Promise<void> {
  expect(await runTessera(args, env)).toMatchObject({ code: 0, stdout: '' })
}

/** The ways to write to a path that somebody has named, and a part of the text that each writes. */
const ways: Readonly<Record<string, readonly [write: (path: string) => void | Promise<void>, part: string]>> = {
  export: [(path) => run('export', '-o', path), 'audience: https://a.example.com\n'],
  'audit export': [(path) => run('audit', 'export', '--to', path), '"type":"manifest.apply"'],
  'an export of the audit log to a file': [(path) => appendTo(path), 'a line\n'],
  'a file that is replaced, such as that of audit export --state': [
    (path) => replacePrivateFile(path, 'a text\n'),
    'a text\n',
  ],
}

async function appendTo(path: string): Promise<void> {
  const file = new AppendedFile(path)
  await file.append('a line\n')
  await file.close()
}

describe.each(Object.entries(ways))('%s', (name, [write, part]) => {
  test('writes to a pipe, as to /dev/stdout, and leaves it there', async () => {
    const pipe = join(folder, `${name}.pipe`)
    execFileSync('mkfifo', [pipe])
    // The pipe keeps what is written until its reader has come.
    const kept = openSync(pipe, 'r+')
    const reader = spawn('cat', [pipe])
    const read = text(reader.stdout)
    const begun = once(reader.stdout, 'data')
    try {
      await write(pipe)
      expect(lstatSync(pipe).isFIFO()).toBe(true)
      await begun
      closeSync(kept)
      expect(await read).toContain(part)
    } finally {
      reader.kill()
    }
  })

  test('writes to the file to which a link leads', async () => {
    const [link, target] = [join(folder, `${name}.link`), join(folder, `${name}.target`)]
    writeFileSync(target, '')
    symlinkSync(target, link)
    await write(link)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(target, 'utf8')).toContain(part)
  })
})
