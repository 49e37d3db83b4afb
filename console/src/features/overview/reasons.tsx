import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Section, Sheet } from '../../shared/page.tsx'
import { overview as t } from '../../texts/overview.ts'
import { Bars } from './bars.tsx'
import classes from './overview.module.css'
import { type Range, usageQuery } from './queries.ts'

const MOST = 6

/** The reasons of refused requests, the most frequent first. Each leads to its events. */
export function Reasons({ range }: { readonly range: Range }) {
  const { data } = useQuery(usageQuery(range))
  const reasons = Object.entries(data?.totals?.reasons ?? {}).sort(([, one], [, other]) => other - one)
  return (
    <Section title={t.reasons}>
      <Sheet>
        {data === undefined && <Skeleton h={120} />}
        {data !== undefined && reasons.length === 0 && <p className={classes['quiet']}>{t.noRefusals}</p>}
        <Bars
          label={t.reasons}
          kind="refused"
          bars={reasons.slice(0, MOST).map(([reason, count]) => ({
            key: reason,
            count,
            name: <a href={`/audit?reason=${encodeURIComponent(reason)}`}>{reason.replaceAll('_', ' ')}</a>,
          }))}
        />
      </Sheet>
    </Section>
  )
}
