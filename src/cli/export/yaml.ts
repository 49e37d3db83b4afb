import { Document, isCollection, isScalar, Scalar, visit, type YAMLSeq } from 'yaml'
import { visibleText, visibleValue } from '../../platform/visible.ts'

/** An entry of a manifest, with notes for people. */
export interface Entry {
  /** Undefined if it was left out. */
  readonly entry?: Readonly<Record<string, unknown>> | undefined
  readonly notes: readonly { readonly credential?: number | undefined; readonly text: string }[]
}

/** Characters of a list that stands on one line. */
const LONGEST_LINE = 80

/** Texts that only YAML 1.1 reads as something else, such as `no`, are quoted as well. */
const OPTIONS = { aliasDuplicateObjects: false, compat: 'yaml-1.1' } as const

/** The first line of a document: the manifest that owns its entries. */
export const nameText = (manifest: string): string => textOf(new Document({ manifest }, OPTIONS))

/** An entry in the list of a section. Its notes are comments. */
export function entryText({ entry, notes }: Entry): string {
  const general = notes.filter(({ credential }) => credential === undefined).map(({ text }) => `# ${oneLine(text)}\n`)
  if (entry === undefined) return general.join('')
  const document = new Document([entry], OPTIONS)
  for (const { credential, text } of notes) {
    const node = credential === undefined ? undefined : document.getIn([0, 'credentials', credential], true)
    if (isCollection(node)) node.commentBefore = [node.commentBefore, ` ${oneLine(text)}`].filter(Boolean).join('\n')
  }
  return indented([...general, textOf(document)].join(''))
}

/** Every line is a whole one, since no text is spread over several. */
const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ')

const oneLine = (text: string): string => visibleValue(text)

function textOf(document: Document): string {
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && needsQuotes(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
    Seq: (_key, node) => {
      if (isShort(node)) node.flow = true
    },
  })
  return visibleText(
    document.toString({
      blockQuote: false,
      doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
      flowCollectionPadding: false,
      lineWidth: 0,
    }),
  )
}

/** Whether a text must be quoted although YAML can do without: an escape keeps its meaning in quotes only, and `<<` would merge. */
const needsQuotes = (text: string): boolean => text === '<<' || visibleValue(text) !== text

const isShort = ({ items }: YAMLSeq): boolean =>
  items.every((item) => isScalar(item)) && JSON.stringify(items).length <= LONGEST_LINE
