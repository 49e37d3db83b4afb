import { readManifestFiles, readServed } from '../../management/manifest/files/read.ts'
import { parseManifests } from '../../management/manifest/reading/parse.ts'
import { checkManifest } from '../../management/manifest/validate.ts'
import { MistakeList } from '../../platform/user-error.ts'

/** The findings about the files of a manifest, one line each. */
interface Findings {
  readonly mistakes: readonly string[]
  readonly warnings: readonly string[]
  /** References to things that are not in the files. A database may have them. */
  readonly notes: readonly string[]
}

/**
 * Checks the files of a served manifest without a database, as `tessera validate` does. A server that has clients starts all the same.
 * @param names paths of files and folders
 */
export async function examineManifest(names: readonly string[]): Promise<Findings> {
  if (names.length === 0) return { mistakes: [], warnings: [], notes: [] }
  try {
    const { outside, warnings } = checkManifest(parseManifests(await readManifestFiles(names, readServed)))
    return { mistakes: [], warnings, notes: outside }
  } catch (error) {
    const found = new MistakeList()
    found.note(error)
    return { mistakes: found.all, warnings: [], notes: [] }
  }
}
