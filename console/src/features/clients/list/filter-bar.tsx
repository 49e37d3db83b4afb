import { Button, Group } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { Icon } from '../../../shared/icon.tsx'
import { SearchField, useTyped } from '../../../shared/typed-field.tsx'
import { clients as t } from '../../../texts/clients.ts'
import { FilterMenu } from './filter-menu.tsx'
import { chosen, type Filters, isFiltered, readFilters } from './filters.ts'
import classes from './list.module.css'

const route = getRouteApi('/clients')

/** The filters of the list. Each that is set is shown, and can be removed. Each change is a new address. */
export function FilterBar() {
  const filters = readFilters({ ...route.useSearch() })
  const navigate = route.useNavigate()
  const change = (next: Partial<Filters>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  const search = useTyped(filters.search ?? '', (next) => change({ search: next }))
  const clear = () => {
    search.clear()
    void navigate({ search: { sort: filters.sort, order: filters.order }, replace: true })
  }
  return (
    <Group gap="sm" role="search" aria-label={t.filters}>
      <SearchField label={t.searchPlaceholder} typed={search} />
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
