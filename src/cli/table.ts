import { systemClock } from '../platform/clock.ts'
import { type Styled, standardOutput } from '../platform/standard-streams.ts'
import { fitted, widthOf } from '../platform/text-width.ts'
import { relative } from './moment.ts'
import { printable, printLine, say } from './output.ts'

/** A column of a table. */
export interface Column<Row> {
  readonly heading: string
  /** The text of a cell; undefined if the row has none. */
  readonly of: (row: Row) => string | number | undefined
  /** `time` is ISO 8601, and shown beside now on a terminal. */
  readonly kind?: 'time'
  readonly style?: (row: Row) => Styled['style']
  /** Whether the column stays whole in a narrow terminal: a part of an id is of no use. */
  readonly isWhole?: true
}

const GAP = '  '
/** A column of a narrow terminal keeps this many characters. */
const NARROWEST = 8

/**
 * Prints rows under headings, in columns. On a terminal, times are shown beside now, and the longest columns are shortened to its
 * width. Elsewhere every cell is exact and whole.
 */
export function printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
  if (rows.length === 0) {
    if (standardOutput.isTerminal) say('There are none.')
    return
  }
  // A program finds the same columns at each call. A person needs no empty ones.
  const filled = columns.filter(({ of }) => !standardOutput.isTerminal || rows.some((row) => isFilled(of(row))))
  const cells = rows.map((row) => filled.map((column) => textOf(column, row)))
  const natural = filled.map(({ heading }, at) =>
    Math.max(widthOf(heading), ...cells.map((texts) => widthOf(texts[at] ?? ''))),
  )
  const widths = fitWidths(natural, filled, standardOutput.columns)
  printCells(
    filled.map(({ heading }) => ({ text: heading, style: 'bold' })),
    widths,
  )
  for (const [at, row] of rows.entries())
    printCells(
      filled.map(({ style }, column) => ({ text: cells[at]?.[column] ?? '', style: style?.(row) })),
      widths,
    )
}

const isFilled = (value: string | number | undefined): boolean => value !== undefined && value !== ''

/** An empty cell has a sign, so that programs find each column in its place. */
function textOf<Row>({ of, kind }: Column<Row>, row: Row): string {
  const value = of(row)
  if (value === undefined || value === '') return '-'
  const text = String(value)
  return printable(kind === 'time' ? timeText(text) : text)
}

/** A time for people: beside now on a terminal, and exact elsewhere. @param time ISO 8601 */
export const timeText = (time: string): string => (standardOutput.isTerminal ? relative(time, systemClock.now()) : time)

/** Shortens the longest columns, one character at a time, until the line fits. */
function fitWidths<Row>(
  natural: readonly number[],
  columns: readonly Column<Row>[],
  total: number | undefined,
): readonly number[] {
  const widths = [...natural]
  if (total === undefined) return widths
  const room = total - GAP.length * (widths.length - 1)
  for (let excess = widths.reduce((sum, width) => sum + width, 0) - room; excess > 0; excess -= 1) {
    const shrinkable = widths.map((width, at) => (columns[at]?.isWhole ? 0 : width))
    const longest = shrinkable.indexOf(Math.max(...shrinkable))
    const width = shrinkable[longest] ?? 0
    if (width <= NARROWEST) break
    widths[longest] = width - 1
  }
  return widths
}

function printCells(cells: readonly Styled[], widths: readonly number[]): void {
  printLine(
    cells.flatMap(({ text, style }, at) => {
      const width = widths[at] ?? 0
      const shown = fitted(text, width)
      const padding = at === cells.length - 1 ? '' : ' '.repeat(width - widthOf(shown)) + GAP
      return [{ text: shown, style }, { text: padding }]
    }),
  )
}
