import { parseAllDocuments } from 'yaml'
import { Mistakes } from '../platform/user-error.ts'
import { type Place, placesIn } from './places.ts'
import { AliasRoom, type Mistake, NodeReader, type Path, words } from './yaml-nodes.ts'

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
  const [document, second] = readYamlDocuments(name, text)
  if (second === undefined) return document
  const { line, column } = second.placeOf([])
  throw new Mistakes([`${name}:${line}:${column}: ${words.MULTIPLE_DOCS}: put each in a file of its own`])
}

/**
 * Reads all documents of a text, with `---` between them, as `readYaml` reads one.
 * @param room for the values of aliases, which several texts can share @throws Mistakes
 */
export function readYamlDocuments(
  name: string,
  text: string,
  room: AliasRoom = new AliasRoom(),
): readonly [YamlDocument, ...YamlDocument[]] {
  // The parser's own count misses line ends within some broken texts.
  const placeAt = placesIn(text)
  const refuse = (mistakes: readonly Mistake[]): never => {
    throw new Mistakes(
      mistakes.map(({ offset, message }) => {
        const { line, column } = placeAt(offset)
        return `${name}:${line}:${column}: ${message}`
      }),
    )
  }
  const control = text.search(CONTROL)
  const parsed = parse(text)
  if (control !== -1) return refuse([{ offset: control, message: 'the text has a control character' }])
  // Later syntax errors mostly follow from the first.
  const syntax = parsed.flatMap(({ errors }) => errors)[0]
  if (syntax !== undefined) return refuse([{ offset: syntax.pos[0], message: words[syntax.code] }])
  // Comments may stand before the first document.
  const starts = parsed.map(({ range }, index) => (index === 0 ? 0 : range[0]))
  for (const [index, { directives }] of parsed.entries()) {
    const { explicit, version } = directives.yaml
    if (explicit !== true || version === '1.2') continue
    const message = `YAML ${version} is not supported: leave out the line with %`
    return refuse([{ offset: starts[index] ?? 0, message }])
  }
  const reader = new NodeReader(text, room)
  const [first = { value: undefined, placeOf: () => placeAt(0) }, ...others] = parsed.map(
    ({ contents }, index): YamlDocument => {
      const { value } = reader.readDocument(contents)
      const start = starts[index] ?? 0
      return {
        value: contents === null ? undefined : value,
        placeOf: (path) => placeAt(reader.offsetOf(value, path, start)),
      }
    },
  )
  const warnings = parsed.flatMap((document) => document.warnings.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED'))
  const mistakes = [...reader.mistakes, ...warnings.map(({ code, pos }) => ({ offset: pos[0], message: words[code] }))]
  if (mistakes.length > 0) return refuse(mistakes.toSorted((one, other) => one.offset - other.offset))
  return [first, ...others]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for (YAML 1.2.2 §5.1)
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/

function parse(text: string) {
  const documents = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  return Array.isArray(documents) ? documents : []
}
