import { createHmac, hash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { NO_PIPES, readManifestFiles, readServed } from '../../management/manifest/files/read.ts'
import { secretsHere } from '../../management/manifest/files/secrets.ts'
import type { ParsedManifest } from '../../management/manifest/reading/parse.ts'
import { parseManifestsAside } from '../../management/manifest/reading/parse-aside.ts'
import { nameOfReference, referencesIn, type SecretSource } from '../../management/manifest/secret-source.ts'

/** The name of a manifest whose files give none. */
const UNNAMED = 'files'

/** A file of a manifest. */
export interface HashedFile {
  readonly name: string
  /** In hexadecimal. */
  readonly sha256: string
}

/** The files of a manifest, and the secrets that they name, as they were read at one moment. */
export interface FileSet {
  readonly parsed: ParsedManifest
  readonly source: SecretSource
  /** The paths of the secrets. */
  readonly secretFiles: readonly string[]
  readonly files: readonly HashedFile[]
  /** Identifies the contents of the files and secrets. It reveals none of them to those who lack the key. */
  readonly digest: string
}

interface Reading {
  readonly env: NodeJS.ProcessEnv
  /** The same on all servers of a database. */
  readonly key: Buffer
  /** The set that was read before. Files of the same contents are not parsed again, which takes most of the time. */
  readonly before: FileSet | undefined
}

/**
 * Reads the files of a manifest, and the secrets that they name.
 * @throws UserError, such as Mistakes that lists every mistake in the files
 */
export async function readFileSet(names: readonly string[], { env, key, before }: Reading): Promise<FileSet> {
  const files = await readManifestFiles(names, readServed)
  const hashed = files.map(({ name, content }): HashedFile => ({ name, sha256: hash('sha256', content) }))
  const parsed =
    before !== undefined && isDeepStrictEqual(hashed, before.files)
      ? before.parsed
      : await parseManifestsAside(files, UNNAMED)
  const references = referencesIn(parsed)
  const read = secretsHere(env, NO_PIPES)
  const secrets = new Map(references.map((reference) => [nameOfReference(reference), read(reference)]))
  const contents = JSON.stringify([files.map(({ content }) => content), [...secrets.values()]])
  return {
    parsed,
    source: (reference) => secrets.get(nameOfReference(reference)),
    secretFiles: references.flatMap(({ kind, name }) => (kind === 'file' ? [name] : [])),
    files: hashed,
    digest: createHmac('sha256', key).update(contents).digest('hex'),
  }
}
