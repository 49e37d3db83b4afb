import type { Path } from '../../../input/yaml-nodes.ts'
import { MistakeList } from '../../../platform/user-error.ts'
import { errorAt, type Location } from './document.ts'
import type { Manifest } from './schema.ts'

type Locate = (path: Path) => Location

/** Things of one kind that need names of their own. */
interface Named {
  /** The kind, before a name in a message. */
  readonly kind: string
  readonly things: readonly { readonly name: string; readonly from?: string | undefined }[]
  /** The field of the name. */
  readonly pathTo: (index: number) => Path
  /** The path of the thing itself, which has `renamed_from`. */
  readonly thingAt: (index: number) => Path
}

/** Refuses names that stand for two things, as present or former names: references to them would be ambiguous. @throws Mistakes */
export function refuseAmbiguous(manifest: Manifest, locate: Locate): void {
  const mistakes = new MistakeList()
  const add = (path: Path, message: string) => mistakes.add(errorAt(locate(path), message).message)
  for (const named of namesIn(manifest)) {
    refuseRepeated(named, locate, add)
    refuseFormer(named, add)
  }
  mistakes.refuse()
}

function* namesIn({ apis, clients }: Manifest): Generator<Named> {
  yield {
    kind: 'the audience',
    things: apis.map(({ audience: name, renamed_from: from }) => ({ name, from })),
    pathTo: (i) => ['apis', i, 'audience'],
    thingAt: (i) => ['apis', i],
  }
  yield {
    kind: 'the client',
    things: clients.map(({ client_id: name, renamed_from: from }) => ({ name, from })),
    pathTo: (i) => ['clients', i, 'client_id'],
    thingAt: (i) => ['clients', i],
  }
  for (const [a, { scopes }] of apis.entries())
    yield {
      kind: 'the scope',
      things: scopes.map(({ name, renamed_from: from }) => ({ name, from })),
      pathTo: (i) => ['apis', a, 'scopes', i, 'name'],
      thingAt: (i) => ['apis', a, 'scopes', i],
    }
  for (const [c, { credentials }] of clients.entries())
    yield {
      kind: 'every credential needs a label of its own: the label',
      things: credentials.map(({ label: name, renamed_from: from }) => ({ name, from })),
      pathTo: (i) => ['clients', c, 'credentials', i],
      thingAt: (i) => ['clients', c, 'credentials', i],
    }
}

function refuseRepeated({ kind, things, pathTo }: Named, locate: Locate, add: (path: Path, message: string) => void) {
  const first = new Map<string, number>()
  for (const [index, { name }] of things.entries()) {
    const before = first.get(name)
    if (before === undefined) first.set(name, index)
    else {
      const { file, line } = locate(pathTo(before))
      add(pathTo(index), `${kind} ${JSON.stringify(name)} is listed twice, first in ${file}:${line}`)
    }
  }
}

/** Refuses a former name that is still in use, or that two things had: the secrets behind it can pass to one thing alone. */
function refuseFormer({ things, thingAt }: Named, add: (path: Path, message: string) => void) {
  const present = new Set(things.map(({ name }) => name))
  const former = new Set<string>()
  for (const [index, { from }] of things.entries()) {
    if (from === undefined) continue
    const path = [...thingAt(index), 'renamed_from']
    if (present.has(from)) add(path, `${JSON.stringify(from)} is in the manifest, too: leave out one of the two`)
    else if (former.has(from)) add(path, `${JSON.stringify(from)} is already the former name of another`)
    former.add(from)
  }
}
