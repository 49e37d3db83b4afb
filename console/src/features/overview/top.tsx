import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { overview as t } from '../../texts/overview.ts'
import { Bars } from './bars.tsx'
import { Panel } from './panel.tsx'
import { type Range, topQuery } from './queries.ts'

interface Props {
  readonly of: 'client' | 'api'
  readonly range: Range
}

/** The clients or APIs with the most tokens. */
export function Top({ of, range }: Props) {
  const query = useQuery(topQuery(of, range))
  return (
    <Panel title={t.top[of]} query={query} height="7.5rem" nothing={({ items }) => items.length === 0 && t.noTraffic}>
      {({ items }) => (
        <Bars
          label={t.top[of]}
          bars={items.map(({ key, issued }) => ({
            key,
            count: issued,
            name:
              of === 'client' ? (
                <Link to="/clients/$clientId" params={{ clientId: key }}>
                  {key}
                </Link>
              ) : (
                <Link to="/apis/$audience" params={{ audience: key }}>
                  {key}
                </Link>
              ),
          }))}
        />
      )}
    </Panel>
  )
}
