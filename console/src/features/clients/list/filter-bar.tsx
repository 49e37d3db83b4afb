import { Button, CloseButton, Group, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { Icon } from '../../../shared/icon.tsx'
import { clients as t } from '../../../texts/clients.ts'
import { FilterMenu } from './filter-menu.tsx'
import { chosen, type Filters, isFiltered, readFilters } from './filters.ts'
import classes from './list.module.css'

const route = getRouteApi('/clients')
const PAUSE_MS = 200

/** The filters of the list. Each that is set is shown, and can be removed. Each change is a new address. */
export function FilterBar() {
  const filters = readFilters({ ...route.useSearch() })
  const navigate = route.useNavigate()
  const change = (next: Partial<Filters>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  const [search, setSearch] = useState(filters.search ?? '')
  const changeSearch = useDebouncedCallback((next: string) => change({ search: next.trim() || undefined }), PAUSE_MS)
  const clear = () => {
    setSearch('')
    void navigate({ search: { sort: filters.sort, order: filters.order }, replace: true })
  }
  return (
    <Group gap="sm" role="search" aria-label={t.filters}>
      <TextInput
        value={search}
        onChange={(event) => {
          setSearch(event.currentTarget.value)
          changeSearch(event.currentTarget.value)
        }}
        placeholder={t.searchPlaceholder}
        aria-label={t.searchPlaceholder}
        leftSection={<Icon name="search" />}
        rightSection={
          search !== '' && (
            <CloseButton
              size="sm"
              aria-label={t.clearSearch}
              onClick={() => {
                setSearch('')
                change({ search: undefined })
              }}
            />
          )
        }
        w="18rem"
        maw="100%"
      />
      <FilterMenu filters={filters} onChange={change} />
      {chosen(filters).map(({ name, title, value }) => (
        <button
          key={name}
          type="button"
          className={classes['chip']}
          aria-label={t.removeFilter(`${title} ${value}`)}
          onClick={() => change({ [name]: undefined })}
        >
          <span>{title}</span> {value} <Icon name="cross" size={11} />
        </button>
      ))}
      {isFiltered(filters) && (
        <Button variant="subtle" color="gray" onClick={clear}>
          {t.clearFilters}
        </Button>
      )}
    </Group>
  )
}
