import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runTessera } from '../../../harness/program.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-files-'))
  return () => rmSync(folder, { recursive: true })
})

const write = (name: string, id: string) => writeFileSync(join(folder, name), `clients: [{ client_id: ${id} }]`)
const validate = async () => {
  const { code, stdout, stderr } = await runTessera(['validate', '-f', folder, '--json'])
  return code === 0 ? JSON.parse(stdout).files.map((name: string) => name.slice(folder.length + 1)) : stderr
}

test('a folder stands for its files by name, those behind links included, and hidden ones left out', async () => {
  for (const name of ['b', 'a', '.hidden', '..data']) mkdirSync(join(folder, name))
  write('b/one.yaml', 'one')
  write('a/two.yml', 'two')
  write('z.json', 'three')
  write('notes.txt', 'four')
  write('.hidden/five.yaml', 'five')
  write('.six.yaml', 'six')
  write('..data/seven.yaml', 'seven')
  symlinkSync('..data', join(folder, 'linked'))
  symlinkSync('..data/seven.yaml', join(folder, 'c.txt'))
  expect(await validate()).toEqual(['a/two.yml', 'b/one.yaml', 'linked/seven.yaml', 'z.json'])
})

test('links that lead round in a circle are refused', async () => {
  write('one.yaml', 'one')
  symlinkSync('.', join(folder, 'round'))
  expect(await validate()).toContain('is more than 16 folders deep in')
})

test('a folder without files, and a path to nothing, are refused', async () => {
  expect(await validate()).toContain(`${folder} has no file that ends in .yaml, .yml or .json`)
  const { stderr } = await runTessera(['validate', '-f', join(folder, 'nothing')])
  expect(stderr).toContain("nothing can't be read: there is no such file or folder")
})
