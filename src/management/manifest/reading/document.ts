import type { ZodError, z } from 'zod'
import { formatPath, issuesOf, parseInOurWords } from '../../../input/issues.ts'
import { readYamlDocuments, type YamlDocument } from '../../../input/yaml.ts'
import type { AliasRoom, Path } from '../../../input/yaml-nodes.ts'
import { MistakeList, Mistakes, UserError } from '../../../platform/user-error.ts'
import { fieldOf, isMapping, withDefaults, writtenPath } from './defaults.ts'
import { defaultsSchema, documentSchema } from './schema.ts'

/** A file of a manifest. */
export interface ManifestFile {
  /** Its name in messages. The files that it names are looked up beside it. */
  readonly name: string
  readonly content: string
}

/** The position of a field, in lines and columns from 1. */
export interface Location {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The path of the field within its document. */
  readonly path: Path
}

/** One document of a manifest. */
export interface ManifestDocument {
  readonly file: string
  readonly content: z.output<typeof documentSchema>
  readonly locate: (path: Path) => Location
}

/** One mistake in a manifest. The message names the file, the line, the column and the field. */
class ManifestError extends UserError {}

export function errorAt({ file, line, column, path }: Location, message: string): ManifestError {
  const field = path.length === 0 ? '' : `${formatPath(path)}: `
  return new ManifestError(`${file}:${line}:${column}: ${field}${message}`)
}

/** Reads the documents of a file. Those that are blank are left out. @throws Mistakes of all documents */
export function readDocuments({ name, content }: ManifestFile, room: AliasRoom): readonly ManifestDocument[] {
  const mistakes = new MistakeList()
  const documents = readYamlDocuments(name, content, room)
    .filter(({ value }) => value !== undefined && value !== null)
    .flatMap((document) => mistakes.take(() => readDocument(name, document, room)) ?? [])
  mistakes.refuse()
  return documents
}

function readDocument(file: string, document: YamlDocument, room: AliasRoom): ManifestDocument {
  const written = isMapping(document.value) ? document.value : {}
  const locate = (path: Path): Location => {
    const at = writtenPath(written, path)
    return { file, ...document.placeOf(at), path: at }
  }
  // Wrong defaults are refused once, and not for each entry.
  const areRight = parseInOurWords(defaultsSchema, fieldOf(written, 'defaults')).success
  const filled = isMapping(document.value) && areRight ? withDefaults(written, room) : document.value
  if (filled === undefined)
    throw new Mistakes([errorAt(locate(['defaults']), 'come to more than 1,000,000 values in all entries').message])
  const parsed = parseInOurWords(documentSchema, filled)
  if (parsed.success) return { file, content: parsed.data, locate }
  throw mistakesOf(parsed.error, locate)
}

/** The mistakes that a schema has found in a file, each with its place, in their order there. A wrong default is listed once. */
export const mistakesOf = (error: ZodError, locate: (path: Path) => Location): Mistakes =>
  new Mistakes([
    ...new Set(
      issuesOf(error)
        .map((issue) => ({ ...issue, at: locate(issue.path) }))
        .toSorted((one, other) => one.at.line - other.at.line || one.at.column - other.at.column)
        .map(({ at, message, isUnknown, meant }) => {
          const hint = meant === undefined ? '' : `; did you mean ${meant}?`
          return errorAt(at, isUnknown ? `this version knows no such field${hint}` : message).message
        }),
    ),
  ])
