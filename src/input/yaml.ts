import { LineCounter, parseAllDocuments } from 'yaml'
import { Mistakes } from '../platform/user-error.ts'
import { type Mistake, NodeReader, type Path, words } from './yaml-nodes.ts'

/** A position in a text, counted from 1. */
interface Place {
  readonly line: number
  readonly column: number
}

/** A YAML document, as a value that JSON could hold, with the positions of its parts. */
export interface YamlDocument {
  /** Undefined if the text has no document. */
  readonly value: unknown
  /** The position of a field: of its name if it has one, else of the nearest part around it. */
  placeOf(path: Path): Place
}

/**
 * Reads one document of YAML 1.2 in the core schema. It refuses text that other parsers could read differently, and text that the
 * parser only warns about. Aliases and merge keys (`<<`) work.
 * @param name the name of the text in messages, such as its file
 * @throws Mistakes with file, line and column
 */
export function readYaml(name: string, text: string): YamlDocument {
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const refuse = (mistakes: readonly Mistake[]): never => {
    throw new Mistakes(
      mistakes.map(({ offset, message }) => {
        const { line, column } = placeAt(offset)
        return `${name}:${line}:${column}: ${message}`
      }),
    )
  }
  const control = text.search(CONTROL)
  const documents = parse(text, lines)
  if (control !== -1) return refuse([{ offset: control, message: 'the text has a control character' }])
  const [document, second] = documents
  const [syntax] = document?.errors ?? []
  // Later syntax errors mostly follow from the first.
  if (syntax !== undefined) return refuse([{ offset: syntax.pos[0], message: words[syntax.code] }])
  if (second !== undefined)
    return refuse([{ offset: second.range[0], message: `${words.MULTIPLE_DOCS}: put each in a file of its own` }])
  const { explicit, version } = document?.directives.yaml ?? { explicit: false, version: '1.2' }
  if (explicit === true && version !== '1.2')
    return refuse([{ offset: 0, message: `YAML ${version} is not supported: leave out the line with %` }])
  const reader = new NodeReader(text)
  const { value } = reader.read(document?.contents ?? null)
  const others = document?.warnings.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED') ?? []
  const mistakes = [...reader.mistakes, ...others.map(({ code, pos }) => ({ offset: pos[0], message: words[code] }))]
  if (mistakes.length > 0) return refuse(mistakes.toSorted((one, other) => one.offset - other.offset))
  return { value: document?.contents ? value : undefined, placeOf: (path) => placeAt(reader.offsetOf(value, path)) }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for (YAML 1.2.2 §5.1)
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/

function parse(text: string, lineCounter: LineCounter) {
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  return Array.isArray(documents) ? documents : []
}
