import { Document, isScalar, visit } from 'yaml'
import { UsageError } from '../platform/user-error.ts'
import { visibleValue } from '../platform/visible.ts'
import { print } from './output.ts'

/** The forms in which a command prints its result: for people, or for programs. */
export const FORMATS = ['table', 'json', 'yaml'] as const

/** The options of each command that prints data. */
export interface OutputOptions {
  readonly json?: true
  readonly output?: (typeof FORMATS)[number]
}

/** Whether a command line asks for data, even if the line is wrong otherwise. Its errors are data, too. */
export const asksForData = (args: readonly string[]): boolean =>
  args.some(
    (arg, at) =>
      arg === '--json' ||
      /^--output=(json|yaml)$/.test(arg) ||
      (args[at - 1] === '--output' && /^(json|yaml)$/.test(arg)),
  )

/** @throws UsageError if `--json` and `--output` contradict each other */
function formatOf({ json, output }: OutputOptions): (typeof FORMATS)[number] {
  if (json && output !== undefined && output !== 'json')
    throw new UsageError(`give --json or --output ${output}, not both`)
  return json ? 'json' : (output ?? 'table')
}

export const isForPeople = (options: OutputOptions): boolean => formatOf(options) === 'table'

interface Shown<Data> {
  readonly data: Data
  /** Prints the data for a person. */
  readonly forPeople: () => void
  /** How the JSON is laid out, if not in one line. */
  readonly asText?: (data: Data) => string
}

/** The data as a text in the form that was asked for; undefined if that is the form for people. */
export function textOf<Data>(
  options: OutputOptions,
  data: Data,
  asText: (data: Data) => string = JSON.stringify,
): string | undefined {
  switch (formatOf(options)) {
    case 'table':
      return undefined
    case 'json':
      return asText(data)
    case 'yaml':
      return asYaml(data)
  }
}

/** Prints the result of a command in the form that was asked for. */
export function show<Data>(options: OutputOptions, { data, forPeople, asText }: Shown<Data>): void {
  const text = textOf(options, data, asText)
  if (text === undefined) forPeople()
  else print(text)
}

/** Prints one of many results that come one after another: a line of JSON, or a document of YAML. */
export function showNext<Data>(options: OutputOptions, shown: Shown<Data>): void {
  if (formatOf(options) === 'yaml') print('---')
  show(options, shown)
}

/** Several results as one JSON array, a line each. */
export const inLines = (items: readonly unknown[]): string =>
  `[${items.map((item) => JSON.stringify(item)).join(',\n')}]`

/** Makes YAML. A text with characters that are escaped for the terminal is quoted, so that the escapes keep their meaning. */
export function asYaml(data: unknown): string {
  const document = new Document(data, { aliasDuplicateObjects: false })
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && visibleValue(node.value) !== node.value)
        node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER }).trimEnd()
}
