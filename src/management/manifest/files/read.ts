import { readTextFile } from '../../../input/text-file.ts'
import type { ManifestFile } from '../reading/parse.ts'
import { findManifestFiles } from './find.ts'

/** Bytes of all files: enough for some 100,000 clients. */
const LONGEST_MANIFEST = 64 * 1024 * 1024

/** Reads the text of an input of at most so many bytes. @throws UserError */
type ReadInput = (name: string, most: number) => string | Promise<string>

/** The patience with files that are read again and again, by a server that answers nothing meanwhile. */
export const NO_PIPES = 0
/** Reads the text of a file of a manifest. @throws UserError */
export const readServed = (name: string, most: number): string => readTextFile(name, most, NO_PIPES)

/**
 * Reads the files of a manifest.
 * @param names as for `findManifestFiles` @throws UserError
 */
export async function readManifestFiles(
  names: readonly string[],
  read: ReadInput = readTextFile,
): Promise<readonly ManifestFile[]> {
  const files: ManifestFile[] = []
  let left = LONGEST_MANIFEST
  for (const name of await findManifestFiles(names)) {
    const content = await read(name, Math.max(0, left))
    left -= Buffer.byteLength(content)
    files.push({ name, content })
  }
  return files
}
