import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileFault } from '../../../platform/system-error.ts'
import { UserError } from '../../../platform/user-error.ts'

const MOST_FILES = 10_000
/** The files and folders that are looked at, so that a wrong folder, such as `/`, ends soon. */
const MOST_ENTRIES = 100_000
/** Links may lead round in a circle. */
const DEEPEST_FOLDER = 16

const ENDING = /\.(?:yaml|yml|json)$/

/**
 * Finds the files of a manifest. A folder stands for all files in it and its folders that end in .yaml, .yml or .json, by name; hidden
 * ones are left out. Links are followed, since Kubernetes mounts a folder as links.
 * @param names paths of files and folders @throws UserError if a folder has none, or too much
 */
export async function findManifestFiles(names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map(async (name) => ((await isFolder(name)) ? filesIn(name) : [name])))
  const all = found.flat()
  if (all.length > MOST_FILES) throw new UserError(`a manifest may have at most ${MOST_FILES} files`)
  return all
}

async function filesIn(root: string): Promise<readonly string[]> {
  const files: string[] = []
  let left = MOST_ENTRIES
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true })
    left -= entries.length
    if (left < 0) throw new UserError(`${root} has more than ${MOST_ENTRIES} files: name the folder of the manifest`)
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(path)))) {
        if (depth === DEEPEST_FOLDER)
          throw new UserError(`${path} is more than ${DEEPEST_FOLDER} folders deep in ${root}`)
        await walk(path, depth + 1)
      } else if (ENDING.test(entry.name) && (entry.isFile() || (entry.isSymbolicLink() && (await isReadable(path)))))
        files.push(path)
    }
  }
  try {
    await walk(root, 1)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`${root} can't be read: ${fileFault(error)}`)
  }
  if (files.length === 0) throw new UserError(`${root} has no file that ends in .yaml, .yml or .json`)
  return files.sort()
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  )

/** Whether a link leads to a file, or nowhere, which is a mistake to be told. A pipe would be read for ever. */
const isReadable = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isFile(),
    () => true,
  )
