import { type Document, isMap, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { UserError } from '../platform/user-error.ts'
import { visibleValue } from '../platform/visible.ts'
import { type Manifest, manifestSchema } from './schema.ts'

/** One thing that is wrong with a manifest: the file, the line and the field, and what to do. */
class ManifestError extends UserError {}

type Path = readonly PropertyKey[]

/** A manifest and where in its file everything stands. */
export interface ParsedManifest {
  readonly manifest: Manifest
  /** An error about what stands at `path`, such as `['clients', 0, 'scopes', 1]`. */
  readonly errorAt: (path: Path, message: string) => ManifestError
}

/** Parses a manifest. @throws ManifestError naming file, line and field of the first thing that is wrong */
export function parseManifest(file: string, content: string): ParsedManifest {
  const lines = new LineCounter()
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number | undefined) => lines.linePos(offset ?? 0).line
  const [syntax] = document.errors
  if (syntax !== undefined) throw new ManifestError(`${file}:${lineAt(syntax.pos[0])}: ${syntax.message}`)

  const errorAt = (path: Path, message: string) =>
    new ManifestError(
      `${file}:${lineAt(offsetOf(document, path))}: ${formatPath(path)}${path.length > 0 ? ': ' : ''}${message}`,
    )
  const parsed = manifestSchema.safeParse(document.toJS() ?? {})
  if (!parsed.success) throw explain(parsed.error, errorAt)
  refuseRepeated(parsed.data, errorAt)
  return { manifest: parsed.data, errorAt }
}

function explain(error: z.ZodError, errorAt: ParsedManifest['errorAt']): ManifestError {
  const [issue] = error.issues
  if (issue === undefined) return errorAt([], 'is not readable')
  const [unknown] = issue.code === 'unrecognized_keys' ? issue.keys : []
  if (unknown !== undefined) return errorAt([...issue.path, unknown], 'this version knows no such field')
  // The name of a record's member says itself what is wrong with it.
  const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
  return errorAt(issue.path, message ?? issue.message)
}

/** Names must be unique where something else refers to them. */
function refuseRepeated({ apis, clients }: Manifest, errorAt: ParsedManifest['errorAt']): void {
  const check = (names: readonly string[], pathTo: (index: number) => Path, what: string) => {
    const index = names.findIndex((name, at) => names.indexOf(name) < at)
    if (index !== -1) throw errorAt(pathTo(index), `${what} ${JSON.stringify(names[index])} stands here twice`)
  }
  const unique = (names: readonly string[], pathTo: (index: number) => Path, what: string) => {
    if (new Set(names).size < names.length) check(names, pathTo, what)
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
    unique(labels, (i) => ['clients', c, 'credentials', i], 'among credentials, which need a label each, the label')
  }
}

/** Where in the text the field at `path` begins: its name where it has one; else of the nearest thing around it. */
function offsetOf(document: Document, path: Path): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const name = path[length - 1]
    const pair = isMap(parent) && parent.items.find(({ key }) => String(key) === name)
    const node = pair ? pair.key : document.getIn(path.slice(0, length), true)
    const offset = (node as { range?: readonly number[] } | undefined)?.range?.[0]
    if (offset !== undefined) return offset
  }
  return undefined
}

/** As people write paths: `clients[0].scopes[1]`. */
const formatPath = (path: Path): string =>
  path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${visibleValue(String(part))}`,
    )
    .join('')
