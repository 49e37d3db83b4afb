import type { UseQueryResult } from '@tanstack/react-query'
import { Loaded } from '../../shared/loaded.tsx'
import { Section, Sheet } from '../../shared/page.tsx'
import { Scroll } from '../../shared/scroll.tsx'
import classes from './overview.module.css'

interface Props<Data> {
  readonly title: string
  readonly query: UseQueryResult<Data>
  /** The height that the content will have, as a length of CSS. */
  readonly height: string
  /** The sentence to show instead of the content, if there is none. */
  readonly nothing: (data: Data) => string | false
  readonly children: (data: Data) => React.ReactNode
}

/** A sheet under its title, with content from the server. */
export const Panel = <Data,>({ title, query, height, nothing, children }: Props<Data>) => (
  <Section title={title}>
    <Sheet>
      <Loaded query={query} height={height}>
        {(data) => {
          const words = nothing(data)
          return words === false ? children(data) : <p className={classes['quiet']}>{words}</p>
        }}
      </Loaded>
    </Sheet>
  </Section>
)

/** A small table that scrolls sideways where it has no room. */
export const Rows = ({
  label,
  heads,
  children,
}: {
  readonly label: string
  readonly heads: readonly string[]
  readonly children: React.ReactNode
}) => (
  <Scroll label={label}>
    <table className={classes['rows']}>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </Scroll>
)
