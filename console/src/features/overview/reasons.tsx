import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { overview as t } from '../../texts/overview.ts'
import { Bars } from './bars.tsx'
import { Panel } from './panel.tsx'
import { type Range, usageQuery } from './queries.ts'

const MOST = 6

type Reasons = Readonly<Record<string, number>>

const reasonsIn = ({ totals }: { readonly totals?: { readonly reasons: Reasons } | undefined }) =>
  Object.entries(totals?.reasons ?? {}).sort(([, one], [, other]) => other - one)

/** The reasons of refused requests, the most frequent first. Each leads to its events. */
export function Reasons({ range }: { readonly range: Range }) {
  const query = useQuery(usageQuery(range))
  return (
    <Panel
      title={t.reasons}
      query={query}
      height="7.5rem"
      nothing={(data) => reasonsIn(data).length === 0 && t.noRefusals}
    >
      {(data) => (
        <Bars
          label={t.reasons}
          kind="refused"
          bars={reasonsIn(data)
            .slice(0, MOST)
            .map(([reason, count]) => ({
              key: reason,
              count,
              name: (
                <Link to="/audit" search={{ reason: [reason] }}>
                  {reason.replaceAll('_', ' ')}
                </Link>
              ),
            }))}
        />
      )}
    </Panel>
  )
}
