import { Button, CloseButton, Group, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { Icon } from '../../../shared/icon.tsx'
import { clients as t } from '../../../texts/clients.ts'
import { type Filters, isFiltered, kinds, sorts } from './filters.ts'

const route = getRouteApi('/clients')
const PAUSE_MS = 200

/** The filters of the list. Each change is a new address. */
export function FilterBar() {
  const filters = route.useSearch()
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
      />
      <Select
        aria-label={t.state}
        placeholder={t.anyState}
        w="9rem"
        clearable
        data={[
          { value: 'true', label: t.enabled },
          { value: 'false', label: t.disabled },
        ]}
        value={filters.enabled ?? null}
        onChange={(value) => change({ enabled: value === 'true' || value === 'false' ? value : undefined })}
      />
      <Select
        aria-label={t.proof}
        placeholder={t.anyProof}
        w="11rem"
        clearable
        data={kinds.map((value) => ({ value, label: t.kinds[value] }))}
        value={filters.kind ?? null}
        onChange={(value) => change({ kind: kinds.find((one) => one === value) })}
      />
      <Select
        aria-label={t.sort}
        w="11rem"
        data={sorts.map((value) => ({ value, label: t.sorts[value] }))}
        value={filters.sort ?? 'id'}
        allowDeselect={false}
        onChange={(value) => change({ sort: sorts.find((one) => one === value && one !== 'id') })}
      />
      {isFiltered(filters) && (
        <Button variant="subtle" color="gray" onClick={clear}>
          {t.clearFilters}
        </Button>
      )}
    </Group>
  )
}
