import { stat } from 'node:fs/promises'
import { findManifestFiles } from './find.ts'

/**
 * Looks at the files of a manifest without reading them.
 * @param names as for `findManifestFiles` @param beside other files that count, such as those of secrets
 * @returns a text that differs if a file has come, gone or changed. It also differs if a link leads elsewhere: the numbers of inodes do.
 */
export async function lookAtFiles(names: readonly string[], beside: readonly string[]): Promise<string> {
  const found = await findManifestFiles(names).catch(String)
  const lines = typeof found === 'string' ? [found] : await Promise.all(found.map(lineOf))
  return [...lines, ...(await Promise.all(beside.map(lineOf)))].join('\n')
}

const lineOf = async (path: string): Promise<string> => {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [path, dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return `${path} ${error}`
  }
}
