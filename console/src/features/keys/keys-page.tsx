import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../api/me.ts'
import { useDialog } from '../../shared/dialog.ts'
import { Empty } from '../../shared/empty.tsx'
import { Failure } from '../../shared/failure.tsx'
import { Icon } from '../../shared/icon.tsx'
import { keysQuery } from '../../shared/keys.tsx'
import { Page, Section, Sheet } from '../../shared/page.tsx'
import { common } from '../../texts/common.ts'
import { keys as t } from '../../texts/keys.ts'
import { Consumers } from './consumers.tsx'
import { KeyDialogs } from './key-dialogs.tsx'
import { KeyTable } from './key-table.tsx'
import { isSealing } from './queries.ts'
import { Timeline } from './timeline.tsx'

/** The keys: their lives, who has fetched them, and what can be done. */
export function KeysPage() {
  const may = useMay()
  const { data, error, refetch } = useQuery(keysQuery)
  const rotate = useDialog('rotate')
  const shown = data?.items.filter(({ state }) => state !== 'gone')
  const algorithms = [...new Set(shown?.filter((key) => !isSealing(key)).flatMap(({ algorithm = [] }) => algorithm))]
  const mayChange = may('keys:write')
  const actions =
    mayChange &&
    algorithms.map((algorithm) => (
      <Button key={algorithm} leftSection={<Icon name="rotation" />} onClick={() => rotate.open(algorithm)}>
        {algorithms.length === 1 ? t.rotate : `${t.rotate} ${algorithm}`}
      </Button>
    ))
  if (error !== null && shown === undefined)
    return (
      <Page title={t.title} lead={t.lead}>
        <Failure error={error} onRetry={() => void refetch()} />
      </Page>
    )
  return (
    <Page title={t.title} lead={t.lead} actions={actions}>
      {shown === undefined ? (
        <Skeleton height={320} aria-label={common.loading} />
      ) : shown.length === 0 ? (
        <Empty title={t.empty}>{t.emptyLead}</Empty>
      ) : (
        <>
          <Section title={t.timeline} lead={t.timelineLead}>
            <Sheet>
              <Timeline keys={shown} />
            </Sheet>
            <KeyTable keys={shown} />
          </Section>
          <Section title={t.consumersTitle} lead={t.consumersLead}>
            <Consumers keys={shown} />
          </Section>
          {mayChange && <KeyDialogs keys={shown} />}
        </>
      )}
    </Page>
  )
}
