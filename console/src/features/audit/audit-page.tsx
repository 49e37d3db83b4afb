import { Button } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'
import { useDialog } from '../../shared/dialog.ts'
import { Empty } from '../../shared/empty.tsx'
import { Icon } from '../../shared/icon.tsx'
import { Page } from '../../shared/page.tsx'
import { PagedList } from '../../shared/paged-list.tsx'
import { audit as t } from '../../texts/audit.ts'
import { common } from '../../texts/common.ts'
import { filtersOf, isFiltered } from './filters.ts'
import { columns } from './list/columns.tsx'
import { FilterBar } from './list/filter-bar.tsx'
import { LiveNotice, useArrivals } from './live/arrivals.tsx'
import { useLive } from './live/use-live.ts'
import { eventsQuery } from './queries.ts'

const EventDrawer = lazy(() => import('./event/event-drawer.tsx').then((it) => ({ default: it.EventDrawer })))
const VerifyDialog = lazy(() => import('./verify/verify-dialog.tsx').then((it) => ({ default: it.VerifyDialog })))
const ExportDialog = lazy(() => import('./export/export-dialog.tsx').then((it) => ({ default: it.ExportDialog })))

const route = getRouteApi('/audit')

/** The audit log, with filters that stand in the address. */
export function AuditPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const filters = filtersOf(search)
  const isLive = search.live === true
  const query = useInfiniteQuery({
    ...eventsQuery(filters),
    placeholderData: keepPreviousData,
  })
  const { data, refetch } = query
  const live = useLive(filters, isLive, () => void refetch())
  const arrivals = useArrivals(live.events)
  const rows = useMemo(() => {
    if (data === undefined) return undefined
    const listed = data.pages.flatMap((page) => page.items)
    const known = new Set(listed.map(({ seq }) => seq))
    return [...arrivals.shown.filter(({ seq }) => !known.has(seq)), ...listed]
  }, [data, arrivals.shown])
  const verify = useDialog('verify')
  const save = useDialog('export')
  const event = useDialog('event')
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <>
          <Button
            variant={isLive ? 'light' : 'default'}
            leftSection={<Icon name={isLive ? 'pause' : 'play'} />}
            onClick={() =>
              void navigate({ search: (before) => ({ ...before, live: isLive ? undefined : true }), replace: true })
            }
          >
            {isLive ? t.stopLive : t.startLive}
          </Button>
          <Button variant="default" leftSection={<Icon name="shield" />} onClick={() => verify.open()}>
            {t.verify}
          </Button>
          <Button variant="default" leftSection={<Icon name="download" />} onClick={() => save.open()}>
            {t.export}
          </Button>
        </>
      }
    >
      <FilterBar />
      {isLive && <LiveNotice arrivals={arrivals} hasFailed={live.hasFailed} />}
      <PagedList
        label={t.title}
        columns={columns}
        query={query}
        rows={rows}
        keyOf={({ seq }) => String(seq)}
        empty={
          isFiltered(filters) ? (
            <Empty title={common.nothingFits}>{t.nothingFits}</Empty>
          ) : (
            <Empty title={t.empty}>{t.emptyLead}</Empty>
          )
        }
      />
      <Suspense>
        {event.isOpen && <EventDrawer link={event.about} onClose={event.close} listed={rows} />}
        {verify.isOpen && <VerifyDialog onClose={verify.close} />}
        {save.isOpen && <ExportDialog filters={filters} onClose={save.close} />}
      </Suspense>
    </Page>
  )
}
