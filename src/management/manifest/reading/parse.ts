import { AliasRoom, type Path } from '../../../input/yaml-nodes.ts'
import { MistakeList, type UserError } from '../../../platform/user-error.ts'
import { errorAt, type Location, type ManifestDocument, type ManifestFile, readDocuments } from './document.ts'
import { refuseAmbiguous } from './names.ts'
import type { Manifest } from './schema.ts'

export type { ManifestFile } from './document.ts'

/** A manifest, with the positions of its parts in the files. */
export interface ParsedManifest {
  readonly manifest: Manifest
  /** Makes an error about the value at `path`, such as `['clients', 0, 'scopes', 1]`. */
  readonly errorAt: (path: Path, message: string) => UserError
  /** The file that has the value at `path`. */
  readonly fileOf: (path: Path) => string
  /** The position of the value at `path`. */
  readonly locate: (path: Path) => Location
}

/** Parses a manifest in one file. @throws Mistakes naming the file, line, column and field of every mistake */
export const parseManifest = (name: string, content: string): ParsedManifest => parseManifests([{ name, content }])

/**
 * Parses a manifest in several files, whose documents may refer to each other.
 * @param unnamed the name of the manifest if no file has one @throws Mistakes as `parseManifest`
 */
export function parseManifests(files: readonly ManifestFile[], unnamed?: string): ParsedManifest {
  const mistakes = new MistakeList()
  const room = new AliasRoom()
  const documents = files.flatMap((file) => mistakes.take(() => readDocuments(file, room)) ?? [])
  mistakes.refuse()
  if (documents.length === 0) {
    const [file] = files
    throw errorAt({ ...START, file: file?.name ?? 'the manifest' }, 'is empty: a manifest has apis, clients or tests')
  }
  const { names, nameOf } = namesOf(documents, unnamed)
  const owned = documents.map((document) => ({ ...document.content, owner: { manifest: nameOf(document) } }))
  const manifest: Manifest = {
    names,
    apis: owned.flatMap(({ apis, owner }) => apis.map((api) => ({ ...api, ...owner }))),
    clients: owned.flatMap(({ clients, owner }) => clients.map((client) => ({ ...client, ...owner }))),
    tests: documents.flatMap(({ content }) => content.tests),
  }
  const locate = locatorOf(documents)
  refuseAmbiguous(manifest, locate)
  if (manifest.tests.length > MOST_TESTS)
    throw errorAt(locate(['tests', MOST_TESTS]), `is one too many: a manifest has at most ${MOST_TESTS} tests`)
  return {
    manifest,
    errorAt: (path, message) => errorAt(locate(path), message),
    fileOf: (path) => locate(path).file,
    locate,
  }
}

/** The most tests of a manifest, in all of its files. */
const MOST_TESTS = 10_000

const START = { line: 1, column: 1, path: [] } as const

/**
 * The names of the manifests in the documents. A name holds for its file, and for files without one if it is the only name.
 * @throws Mistakes if a file has two names, or none beside files with several
 */
function namesOf(documents: readonly ManifestDocument[], unnamed: string | undefined) {
  const mistakes = new MistakeList()
  const byFile = new Map<string, string>()
  for (const { file, content, locate } of documents) {
    if (content.manifest === undefined) continue
    const before = byFile.get(file)
    if (before === undefined) byFile.set(file, content.manifest)
    else if (before !== content.manifest)
      mistakes.add(
        errorAt(locate(['manifest']), `a file has one name, and this one is already ${JSON.stringify(before)}`).message,
      )
  }
  const given = [...new Set(byFile.values())]
  const names = given.length === 0 && unnamed !== undefined ? [unnamed] : given
  const nameless = names.length > 1 ? documents.filter(({ file }) => !byFile.has(file)) : []
  for (const { locate } of new Map(nameless.map((document) => [document.file, document])).values()) {
    const message = `the files are of the manifests ${names.map((name) => JSON.stringify(name)).join(', ')}: say which one this file is of, with manifest`
    mistakes.add(errorAt(locate([]), message).message)
  }
  mistakes.refuse()
  const only = names.length === 1 ? names[0] : undefined
  return { names, nameOf: ({ file }: ManifestDocument) => byFile.get(file) ?? only }
}

type Locate = (path: Path) => Location

/** The sections that a manifest joins over its documents. */
export const joined = ['apis', 'clients', 'tests'] as const

/** Finds the positions of fields of the whole manifest. Many places are asked for, so the sections are counted once. */
function locatorOf(documents: readonly ManifestDocument[]): Locate {
  const places = new Map(joined.map((section) => [section, placesOf(documents, section)]))
  return (path) => {
    const [name, index, ...rest] = path
    const section = joined.find((one) => one === name)
    const place = section !== undefined && typeof index === 'number' ? places.get(section)?.[index] : undefined
    if (place !== undefined && section !== undefined) return place.document.locate([section, place.index, ...rest])
    return documents[0]?.locate(path) ?? { ...START, file: 'the manifest', path }
  }
}

const placesOf = (documents: readonly ManifestDocument[], section: (typeof joined)[number]) =>
  documents.flatMap((document) => document.content[section].map((_, index) => ({ document, index })))
