import type { ZodError } from 'zod'
import { formatPath, inOurWords, issuesOf } from '../../input/issues.ts'
import { readYaml } from '../../input/yaml.ts'
import type { Path } from '../../input/yaml-nodes.ts'
import { MistakeList, Mistakes, UserError } from '../../platform/user-error.ts'
import { type Manifest, manifestSchema } from './schema.ts'

/** One mistake in a manifest. The message names the file, the line and the field. */
class ManifestError extends UserError {}

/** A manifest, with the positions of its parts in one file or several. */
export interface ParsedManifest {
  readonly manifest: Manifest
  /** Makes an error about the value at `path`, such as `['clients', 0, 'scopes', 1]`. */
  readonly errorAt: (path: Path, message: string) => ManifestError
}

/** A file of a manifest. */
export interface ManifestFile {
  /** Its name in messages. */
  readonly name: string
  readonly content: string
}

/** Parses a manifest. @throws Mistakes naming the file, line and field of every mistake */
export const parseManifest = (name: string, content: string): ParsedManifest => parseManifests([{ name, content }])

/** Parses a manifest in several files, which may refer to each other. @throws Mistakes as `parseManifest` */
export function parseManifests(files: readonly ManifestFile[]): ParsedManifest {
  const mistakes = new MistakeList()
  const parts = files.flatMap((file) => mistakes.take(() => parsePart(file)) ?? [])
  mistakes.refuse()
  const manifest = {
    apis: parts.flatMap((part) => part.manifest.apis),
    clients: parts.flatMap((part) => part.manifest.clients),
  }
  const locate = (path: Path) => locateIn(parts, path)
  refuseRepeated(manifest, locate)
  return { manifest, errorAt: (path, message) => errorAt(locate(path), message) }
}

/** The position of a field. */
interface Location {
  readonly file: string
  readonly line: number
  /** The path of the field within that file. */
  readonly path: Path
}

type Locate = (path: Path) => Location

function errorAt({ file, line, path }: Location, message: string): ManifestError {
  const field = path.length === 0 ? '' : `${formatPath(path)}: `
  return new ManifestError(`${file}:${line}: ${field}${message}`)
}

/** One file of a manifest. */
interface Part {
  readonly manifest: Manifest
  readonly locate: Locate
}

function parsePart({ name, content }: ManifestFile): Part {
  const document = readYaml(name, content)
  const locate = (path: Path): Location => ({ file: name, line: document.placeOf(path).line, path })
  if (document.value === undefined) throw errorAt(locate([]), 'is empty: a manifest has apis, clients, or both')
  const parsed = manifestSchema.safeParse(document.value, inOurWords)
  if (parsed.success) return { manifest: parsed.data, locate }
  throw mistakesOf(parsed.error, locate)
}

/** The mistakes that a schema has found in a file, each with its place. */
export const mistakesOf = (error: ZodError, locate: Locate): Mistakes =>
  new Mistakes(
    issuesOf(error).map(
      ({ path, message, isUnknown }) =>
        errorAt(locate(path), isUnknown ? 'this version knows no such field' : message).message,
    ),
  )

/** The position of a field of the whole manifest. */
function locateIn(parts: readonly Part[], path: Path): Location {
  const [section, index, ...rest] = path
  let [at, before] = [parts[0], 0]
  if ((section === 'apis' || section === 'clients') && typeof index === 'number') {
    for (const part of parts) {
      at = part
      const count = part.manifest[section].length
      if (index < before + count) return part.locate([section, index - before, ...rest])
      before += count
    }
  }
  return at?.locate(path) ?? { file: 'the manifest', line: 1, path }
}

/** Refuses repeated names, since references to them would be ambiguous. @throws Mistakes */
function refuseRepeated({ apis, clients }: Manifest, locate: Locate): void {
  const mistakes = new MistakeList()
  const unique = (names: readonly string[], pathTo: (index: number) => Path, kind: string) => {
    const first = new Map<string, number>()
    for (const [index, name] of names.entries()) {
      const before = first.get(name)
      if (before === undefined) first.set(name, index)
      else {
        const { file, line } = locate(pathTo(before))
        const message = `${kind} ${JSON.stringify(name)} is listed twice, first in ${file}:${line}`
        mistakes.add(errorAt(locate(pathTo(index)), message).message)
      }
    }
  }
  unique(
    apis.map((api) => api.audience),
    (i) => ['apis', i, 'audience'],
    'the audience',
  )
  unique(
    clients.map((client) => client.client_id),
    (i) => ['clients', i, 'client_id'],
    'the client',
  )
  for (const [a, api] of apis.entries()) {
    unique(
      api.scopes.map((scope) => scope.name),
      (i) => ['apis', a, 'scopes', i, 'name'],
      'the scope',
    )
  }
  for (const [c, client] of clients.entries()) {
    const labels = client.credentials.map((credential) => credential.label)
    unique(labels, (i) => ['clients', c, 'credentials', i], 'every credential needs a label of its own: the label')
  }
  mistakes.refuse()
}
