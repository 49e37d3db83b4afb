import { SegmentedControl, Skeleton, Stack } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useMay } from '../../../api/me.ts'
import type { Answer } from '../../../api/types.ts'
import { Chart } from '../../../shared/chart.tsx'
import { formatCount } from '../../../shared/chart-values.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Section, Sheet } from '../../../shared/page.tsx'
import { clientActivity as t } from '../../../texts/client-activity.ts'
import { spans } from '../detail/view.ts'
import { clientQuery } from '../queries.ts'
import { divisions, usageQuery } from './queries.ts'
import { Refusals } from './refusals.tsx'
import { UsageByApi, UsageByCredential } from './usage-tables.tsx'

const route = getRouteApi('/clients/$clientId')

interface Props {
  readonly clientId: string
}

/** The recent requests of a client: tokens and refusals over time, by credential and API, and its last refusals. */
export function ActivityTab({ clientId }: Props) {
  const may = useMay()
  const { data } = useQuery(clientQuery(clientId))
  const over = { owner: data?.data.owner }
  return (
    <Stack gap="2.25rem">
      {may('usage:read', over) ? <Usage clientId={clientId} /> : <p>{t.noUsage}</p>}
      <Section title={t.refusals} lead={t.refusalsLead}>
        {may('audit:read', over) ? <Refusals clientId={clientId} /> : <p>{t.noAudit}</p>}
      </Section>
    </Stack>
  )
}

function Usage({ clientId }: Props) {
  const { span = 'day' } = route.useSearch()
  const navigate = route.useNavigate()
  const { data, error, refetch } = useQuery({ ...usageQuery(clientId, span), placeholderData: keepPreviousData })
  const points = useMemo(() => data && pointsOf(data.overTime.items, data.at, span), [data, span])
  const totals = data?.overTime.totals
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={t.span}
      data={spans.map((value) => ({ value, label: t.spans[value] }))}
      value={span}
      onChange={(value) =>
        void navigate({
          search: (before) => ({ ...before, span: spans.find((one) => one === value && one !== 'day') }),
          replace: true,
          resetScroll: false,
        })
      }
    />
  )
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  return (
    <>
      <Section
        title={t.usage}
        lead={totals ? t.totals(formatCount(totals.issued), formatCount(totals.refused)) : '…'}
        actions={choice}
      >
        <Sheet>
          {points === undefined ? (
            <Skeleton h={208} />
          ) : (
            <Chart
              label={t.usage}
              times={points.times}
              series={[
                { label: t.issued, color: 'tile', kind: 'bars', values: points.issued },
                { label: t.refused, color: 'brick', kind: 'bars', values: points.refused },
              ]}
            />
          )}
        </Sheet>
      </Section>
      <Section title={t.byCredential}>
        {data === undefined ? <Skeleton h="6rem" /> : <UsageByCredential items={data.byCredential} />}
      </Section>
      <Section title={t.byApi}>
        {data === undefined ? <Skeleton h="6rem" /> : <UsageByApi items={data.byApi} />}
      </Section>
    </>
  )
}

/** A point for each interval up to now, also where nothing happened. */
function pointsOf(items: Answer<'usage.list'>['items'], now: number, span: (typeof spans)[number]) {
  const { length, step } = divisions[span]
  const last = Math.floor(now / step) * step
  const times = Array.from({ length: length / step }, (_, index) => last - (length / step - 1 - index) * step)
  const byTime = new Map(items.map((one) => [Date.parse(one.key), one]))
  return {
    times,
    issued: times.map((time) => byTime.get(time)?.issued ?? 0),
    refused: times.map((time) => byTime.get(time)?.refused ?? 0),
  }
}
