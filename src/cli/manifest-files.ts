import { readManifestFiles as readFiles } from '../management/manifest/files/read.ts'
import type { ManifestFile } from '../management/manifest/reading/parse.ts'
import { UsageError } from '../platform/user-error.ts'
import { nameOfInput, readTextInput } from './read-input.ts'

/** Reads the files of a manifest. @param names paths of files and folders; `-` is standard input @throws UserError */
export async function readManifestFiles(names: readonly string[]): Promise<readonly ManifestFile[]> {
  if (names.filter((name) => name === '-').length > 1)
    throw new UsageError('-f - is given twice: standard input can be read only once')
  const files = await readFiles(names, readTextInput)
  return files.map(({ name, content }) => ({ name: nameOfInput(name), content }))
}
