import { Button, Group } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { SearchField, TypedField, useTyped } from '../../shared/typed-field.tsx'
import { apis as t } from '../../texts/apis.ts'
import { type ApisFilter, isFiltered } from './view.ts'

const route = getRouteApi('/apis')

/** The search and the filters of the list. They stand in the address. */
export function ApisFilterBar() {
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const change = (next: ApisFilter) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  const search = useTyped(filter.search ?? '', (next) => change({ search: next }))
  const clear = () => {
    search.clear()
    change({ search: undefined, owner: undefined, manifest: undefined })
  }
  return (
    <Group gap="sm" role="search" aria-label={t.filters}>
      <SearchField label={t.search} typed={search} />
      <TypedField
        aria-label={t.owner}
        placeholder={t.owner}
        w="10rem"
        value={filter.owner}
        onChange={(owner) => change({ owner })}
      />
      <TypedField
        aria-label={t.manifest}
        placeholder={t.manifest}
        w="10rem"
        value={filter.manifest}
        onChange={(manifest) => change({ manifest })}
      />
      {isFiltered(filter) && (
        <Button variant="subtle" color="gray" onClick={clear}>
          {t.clearFilters}
        </Button>
      )}
    </Group>
  )
}
