import { VisuallyHidden } from '@mantine/core'
import { useIntersection } from '@mantine/hooks'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { common } from '../texts/common.ts'
import { Icon } from './icon.tsx'
import classes from './list.module.css'

/** A column of a list. */
export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** The title is for screen readers only. */
  readonly isTitleHidden?: boolean
  /** A track of a CSS grid, such as `minmax(12rem, 2fr)`. */
  readonly width: string
  readonly align?: 'right'
  /** Left out where the page is narrow. */
  readonly isExtra?: boolean
  /** The name of the order by this column; left out if the list can't be sorted by it. */
  readonly sort?: string
  readonly cell: (row: Row) => React.ReactNode
}

/** The order of the rows. */
interface Order {
  readonly by: string
  readonly isDown: boolean
  readonly onChange: (by: string, isDown: boolean) => void
}

export interface ListProps<Row> {
  /** The name of the list, for screen readers. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  /** Undefined while the first page is loading. */
  readonly rows: readonly Row[] | undefined
  readonly keyOf: (row: Row) => string
  /** Loads the next page; undefined if there is none. */
  readonly onMore?: (() => void) | undefined
  readonly order?: Order
  /** Shown instead of the rows, if there are none. */
  readonly empty: React.ReactNode
}

const ROW_HEIGHT = 44
const SKELETONS = 8

/** A list that loads its next page as its end comes into view, and draws only the rows in view. */
export function List<Row>({ label, columns, rows, keyOf, onMore, order, empty }: ListProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const virtualizer = useWindowVirtualizer({
    count: rows?.length ?? 0,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0,
  })
  const tracks = { '--tracks': columns.map((one) => one.width).join(' '), '--narrow-tracks': narrowTracks(columns) }
  if (rows?.length === 0) return empty
  return (
    <div className={classes['list']} style={tracks as React.CSSProperties}>
      <table aria-label={label} aria-rowcount={onMore ? -1 : rows?.length} aria-busy={rows === undefined}>
        <thead>
          <tr className={classes['head']}>
            {columns.map((column) => (
              <Head key={column.id} column={column} order={order} />
            ))}
          </tr>
        </thead>
        <tbody ref={body} style={{ minHeight: rows && virtualizer.getTotalSize() }}>
          {rows === undefined && <Skeletons columns={columns} />}
          {rows !== undefined &&
            virtualizer.getVirtualItems().map((item) => {
              const row = rows[item.index]
              if (row === undefined) return null
              const offset = item.start - virtualizer.options.scrollMargin
              return (
                <tr
                  key={keyOf(row)}
                  data-index={item.index}
                  ref={virtualizer.measureElement}
                  className={classes['row']}
                  style={{ transform: `translateY(${offset}px)` }}
                >
                  {columns.map((column) => (
                    <td key={column.id} data-align={column.align} data-extra={column.isExtra}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              )
            })}
        </tbody>
      </table>
      {onMore !== undefined && rows !== undefined && <End onSeen={onMore} />}
    </div>
  )
}

/** The same shares without their least widths, which a telephone may not have. */
const narrowTracks = (columns: readonly Column<never>[]): string =>
  columns
    .filter((one) => one.isExtra !== true)
    .map(({ width }) =>
      width.replace(/^minmax\((.+), (.+)\)$/, (_, least: string, most: string) =>
        most.endsWith('fr') ? `minmax(0, ${most})` : least,
      ),
    )
    .join(' ')

function Head({ column, order }: { readonly column: Column<never>; readonly order: Order | undefined }) {
  const { title, isTitleHidden, align, isExtra, sort } = column
  const cell = { scope: 'col', 'data-align': align, 'data-extra': isExtra } as const
  if (order === undefined || sort === undefined)
    return <th {...cell}>{isTitleHidden === true ? <VisuallyHidden>{title}</VisuallyHidden> : title}</th>
  const isSorted = order.by === sort
  return (
    <th {...cell} aria-sort={isSorted ? (order.isDown ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className={classes['sort']} onClick={() => order.onChange(sort, isSorted && !order.isDown)}>
        {title}
        <span data-sorted={isSorted || undefined}>
          <Icon name={isSorted && order.isDown ? 'down' : 'up'} size={11} />
        </span>
      </button>
    </th>
  )
}

const Skeletons = ({ columns }: { readonly columns: readonly Column<never>[] }) =>
  Array.from({ length: SKELETONS }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
    <tr key={index} className={classes['row']} data-waiting>
      {columns.map((column) => (
        <td key={column.id} data-extra={column.isExtra}>
          <span className={classes['bone']} />
        </td>
      ))}
    </tr>
  ))

/** The end of the rows that are there. The next page is asked for once it comes into view. */
function End({ onSeen }: { readonly onSeen: () => void }) {
  const { ref, entry } = useIntersection({ rootMargin: '600px' })
  const isSeen = entry?.isIntersecting === true
  useEffect(() => {
    if (isSeen) onSeen()
  }, [isSeen, onSeen])
  return (
    <button type="button" ref={ref} className={classes['more']} onClick={onSeen}>
      {common.more}
    </button>
  )
}
