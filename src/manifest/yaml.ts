import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml'

/** YAML that can't be read; the message says why. */
export class YamlError extends Error {
  override readonly name = 'YamlError'
  /** From 1. */
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** A file of YAML, and where in it everything stands. */
export interface ReadYaml {
  readonly document: Document
  readonly value: unknown
  /** @param offset in characters; the first line where there is none */
  lineAt(offset: number | undefined): number
}

const TOO_DEEP = 'lists and maps are nested too deeply'

/** Reads YAML, in time proportional to its length. @throws YamlError */
export function readYaml(content: string): ReadYaml {
  const lines = new LineCounter()
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? 0).line
  // The library's own check compares every key of a map with every other.
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const [problem] = document.errors
  if (problem !== undefined) {
    throw new YamlError(problem.code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : problem.message, lineAt(problem.pos[0]))
  }
  try {
    refuseRepeatedKeys(document, lineAt)
    return { document, value: document.toJS(), lineAt }
  } catch (error) {
    // The library follows both nesting and aliases by recursion.
    if (error instanceof RangeError) throw new YamlError(TOO_DEEP, 1)
    if (error instanceof ReferenceError) throw new YamlError('an alias stands for nothing, or for too much', 1)
    throw error
  }
}

function refuseRepeatedKeys(document: Document, lineAt: ReadYaml['lineAt']): void {
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (seen.has(name))
          throw new YamlError(`the key ${JSON.stringify(name)} stands here twice`, lineAt(key.range?.[0]))
        seen.add(name)
      }
    },
  })
}
