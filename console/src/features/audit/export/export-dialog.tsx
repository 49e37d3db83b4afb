import { Button, Group, Modal, Radio, Stack } from '@mantine/core'
import { useState } from 'react'
import { Facts } from '../../../shared/facts.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { audit as t } from '../../../texts/audit.ts'
import { type Filters, isFiltered } from '../filters.ts'
import type { Format } from './formats.ts'
import { useExport } from './use-export.ts'

interface Props {
  readonly filters: Filters
  readonly onClose: () => void
}

const count = new Intl.NumberFormat('en')

/** Exports the events that fit the filters. Closing it cancels. */
export function ExportDialog({ filters, onClose }: Props) {
  const [format, setFormat] = useState<Format>('jsonl')
  const work = useExport(filters)
  const isRunning = work.state === 'running'
  const isWhole = work.state === 'done' || work.state === 'full'
  return (
    <Modal opened onClose={onClose} title={t.exportTitle} size="lg" closeOnClickOutside={!isRunning}>
      <Stack>
        <p style={{ margin: 0 }}>{t.exportLead}</p>
        <Facts facts={[[t.exportFilters, inWords(filters)]]} />
        <Radio.Group label={t.exportFormat} value={format} onChange={(value) => setFormat(value as Format)}>
          <Stack gap="xs" mt="xs">
            <Radio value="jsonl" label={t.formats.jsonl} disabled={isRunning} />
            <Radio value="csv" label={t.formats.csv} disabled={isRunning} />
          </Stack>
        </Radio.Group>
        <div role="status" className="tabular">
          {work.state !== 'idle' && (
            <>
              {work.state === 'cancelled' && t.exportCancelled}
              {(isWhole ? t.exported : t.exporting)(count.format(work.count))}
              {work.reached !== undefined && (
                <>
                  , {t.exportReached} <Instant at={work.reached} />
                </>
              )}
              {work.state === 'full' && <p>{t.exportFull}</p>}
            </>
          )}
        </div>
        {work.state === 'failed' && <Failure error={work.error} />}
        <Group justify="flex-end">
          {work.count > 0 && !isRunning && (
            <Button variant={isWhole ? 'filled' : 'default'} onClick={work.save}>
              {isWhole ? t.exportSave : t.exportSavePartial}
            </Button>
          )}
          {isRunning ? (
            <Button variant="default" onClick={work.cancel}>
              {t.exportCancel}
            </Button>
          ) : (
            <Button variant={isWhole ? 'default' : 'filled'} onClick={() => work.start(format)}>
              {work.state === 'cancelled' || work.state === 'failed' ? t.exportResume : t.exportStart}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}

function inWords(filters: Filters): string {
  if (!isFiltered(filters)) return t.exportNoFilters
  const chosen = Object.entries(filters).filter(([, value]) => value !== undefined)
  return chosen.map(([name, value]) => t.exportFilter(name.replaceAll('_', ' '), [value].flat().join(', '))).join('; ')
}
