import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../api/me.ts'
import { Chart } from '../../shared/chart.tsx'
import { Failure } from '../../shared/failure.tsx'
import { count } from '../../shared/format.ts'
import { nodesQuery } from '../../shared/nodes.tsx'
import { Section, Sheet } from '../../shared/page.tsx'
import { nodes as nodeTexts } from '../../texts/nodes.ts'
import { overview as t } from '../../texts/overview.ts'
import classes from './overview.module.css'
import { type Range, ranges, usageQuery } from './queries.ts'

const HEIGHT = 200

/** Issued and refused requests over time, with their totals and the latency of the last minute. */
export function Traffic({ range }: { readonly range: Range }) {
  const { data, error, refetch } = useQuery(usageQuery(range))
  const latency = useLatency()
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  return (
    <Section title={t.traffic[ranges[range].resolution]}>
      <Sheet>
        <dl className={classes['figures']}>
          <div>
            <dt>{t.issued}</dt>
            <dd>{data?.totals === undefined ? '–' : count(data.totals.issued)}</dd>
          </div>
          <div>
            <dt>{t.refused}</dt>
            <dd>{data?.totals === undefined ? '–' : count(data.totals.refused)}</dd>
          </div>
          {latency !== undefined && (
            <div>
              <dt>{t.latency}</dt>
              <dd>{nodeTexts.milliseconds(latency)}</dd>
            </div>
          )}
        </dl>
        {data === undefined ? (
          <Skeleton h={HEIGHT + 28} />
        ) : (
          <Chart
            label={t.traffic[ranges[range].resolution]}
            times={data.times}
            height={HEIGHT}
            series={[
              { label: t.issued, color: 'tile', values: data.issued },
              { label: t.refused, color: 'brick', values: data.refused },
            ]}
          />
        )}
      </Sheet>
    </Section>
  )
}

/** The 99th percentile of the slowest server, in milliseconds. Servers without requests have none. */
function useLatency(): number | undefined {
  const may = useMay()
  const { data } = useQuery({ ...nodesQuery, enabled: may('settings:read') })
  const known = (data?.items ?? []).flatMap(({ requests }) => requests?.latency_ms?.p99 ?? [])
  return known.length === 0 ? undefined : Math.max(...known)
}
