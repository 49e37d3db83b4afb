import { Button, MultiSelect, Select } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { Icon } from '../../../shared/icon.tsx'
import { audit as t } from '../../../texts/audit.ts'
import { eventTypes, type Filters, filtersOf, isFiltered, lasts, results } from '../filters.ts'
import classes from './list.module.css'
import { MoreFilters } from './more-filters.tsx'

const route = getRouteApi('/audit')
const OWN = 'own'

/** The filters of the log. Each change is a new address. */
export function FilterBar() {
  const search = route.useSearch()
  const filters = filtersOf(search)
  const navigate = route.useNavigate()
  const { since, until, reason, client, owner, actor, request_id, credential, api } = filters
  const hasMore = [since, until, reason, client, owner, actor, request_id, credential, api].some(Boolean)
  const [isOpen, setOpen] = useState(hasMore)
  const change = (next: Filters) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  // The fields begin anew each time, so that none reports what was just typed.
  const [times, setTimes] = useState(0)
  const clear = () => {
    setTimes(times + 1)
    void navigate({ search: ({ dialog, why, live }) => ({ dialog, why, live }), replace: true })
  }
  const changeTime = (value: string | null) => {
    if (value === OWN) setOpen(true)
    else change({ last: (value as Filters['last']) ?? undefined, since: undefined, until: undefined })
  }
  return (
    <search className={classes['filters']} aria-label={t.filters}>
      <div className={classes['bar']}>
        <Select
          aria-label={t.time}
          placeholder={t.anyTime}
          w="10.5rem"
          clearable
          data={[
            ...Object.keys(lasts).map((value) => ({ value, label: t.lasts[value as keyof typeof lasts] })),
            { value: OWN, label: t.ownTime },
          ]}
          value={since !== undefined || until !== undefined ? OWN : (filters.last ?? null)}
          onChange={changeTime}
        />
        <MultiSelect
          data-grows
          aria-label={t.type}
          placeholder={filters.type === undefined ? t.anyType : undefined}
          clearable
          searchable
          hidePickedOptions
          data={eventTypes.map((value) => ({ value, label: t.types[value] }))}
          value={[...(filters.type ?? [])]}
          onChange={(chosen) => {
            const type = eventTypes.filter((one) => chosen.includes(one))
            change({ type: type.length > 0 ? type : undefined })
          }}
        />
        <Select
          aria-label={t.result}
          placeholder={t.anyResult}
          w="9rem"
          clearable
          data={results.map((value) => ({ value, label: t.results[value] }))}
          value={filters.result ?? null}
          onChange={(value) => change({ result: results.find((one) => one === value) })}
        />
        <Button
          variant="default"
          leftSection={<Icon name="filter" />}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? t.fewerFilters : t.moreFilters}
        </Button>
        {isFiltered(filters) && (
          <Button variant="subtle" color="gray" onClick={clear}>
            {t.clearFilters}
          </Button>
        )}
      </div>
      {isOpen && <MoreFilters key={times} filters={filters} onChange={change} />}
    </search>
  )
}
