import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LONGEST_SECRET_FILE } from '../input/secret.ts'
import type { ManifestFile } from '../management/manifest/reading/parse.ts'
import type { SecretSource } from '../management/manifest/secret-source.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { nameOfInput, readTextFile, readTextInput } from './read-input.ts'

/** Bytes of all files: enough for some 100,000 clients. */
const LONGEST_MANIFEST = 64 * 1024 * 1024
const MOST_FILES = 10_000

/**
 * Reads the files of a manifest. A folder stands for all files in it and its folders that end in .yaml, .yml or .json, by name; hidden
 * ones are left out.
 * @param names paths of files and folders; `-` is standard input @throws UserError
 */
export async function readManifestFiles(names: readonly string[]): Promise<readonly ManifestFile[]> {
  if (names.filter((name) => name === '-').length > 1)
    throw new UsageError('-f - is given twice: standard input can be read only once')
  const files: ManifestFile[] = []
  let left = LONGEST_MANIFEST
  for (const name of names.flatMap(filesOf)) {
    const content = await readTextInput(name, Math.max(0, left))
    left -= Buffer.byteLength(content)
    files.push({ name: nameOfInput(name), content })
    if (files.length > MOST_FILES) throw new UserError(`a manifest may have at most ${MOST_FILES} files`)
  }
  return files
}

function filesOf(name: string): readonly string[] {
  if (name === '-' || !isFolder(name)) return [name]
  const found = globSync('**/*.{yaml,yml,json}', {
    cwd: name,
    exclude: (path) => path.split('/').at(-1)?.startsWith('.') === true,
  })
  const visible = found.filter((path) => !path.split('/').some((part) => part.startsWith('.'))).sort()
  if (visible.length === 0) throw new UserError(`${name} has no file that ends in .yaml, .yml or .json`)
  return visible.map((path) => join(name, path))
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** The secrets in the environment of a command, and in files. */
export const secretsHere =
  (env: Readonly<Record<string, string | undefined>>): SecretSource =>
  ({ kind, name }) => {
    if (kind === 'env') return env[name] || undefined
    if (!existsSync(name)) return undefined
    return readTextFile(name, LONGEST_SECRET_FILE)
  }
