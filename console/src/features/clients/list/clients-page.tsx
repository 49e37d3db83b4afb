import { Button } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMay } from '../../../api/me.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { LoadedWords } from '../../../shared/loaded.tsx'
import { Page } from '../../../shared/page.tsx'
import { PagedList } from '../../../shared/paged-list.tsx'
import { clients as t } from '../../../texts/clients.ts'
import { common } from '../../../texts/common.ts'
import { clientCountQuery, clientsQuery } from '../queries.ts'
import { columns } from './columns.tsx'
import { FilterBar } from './filter-bar.tsx'
import { isFiltered, readFilters, sorts } from './filters.ts'
import classes from './list.module.css'

const route = getRouteApi('/clients')

/** The clients, with filters that stand in the address. */
export function ClientsPage() {
  const filters = readFilters({ ...route.useSearch() })
  const navigate = route.useNavigate()
  const may = useMay()
  const counted = useQuery({ ...clientCountQuery(filters), placeholderData: keepPreviousData })
  const query = useInfiniteQuery({
    ...clientsQuery(filters),
    placeholderData: keepPreviousData,
  })
  const create = may('clients:write', 'anything') && (
    <Button component={Link} to="/clients/new" leftSection={<Icon name="plus" />}>
      {t.create}
    </Button>
  )
  return (
    <Page title={t.title} lead={t.lead} actions={create}>
      <FilterBar />
      <p className={classes['count']} role="status">
        <LoadedWords query={counted}>
          {({ count, is_more: isMore }) => t.count(count, isMore, isFiltered(filters))}
        </LoadedWords>
      </p>
      <PagedList
        label={t.title}
        columns={columns}
        query={query}
        keyOf={(client) => client.client_id}
        order={{
          by: filters.sort ?? 'id',
          isDown: filters.order === 'desc',
          onChange: (by, isDown) =>
            void navigate({
              search: (before) => ({
                ...before,
                sort: sorts.find((one) => one === by && one !== 'id'),
                order: isDown ? 'desc' : undefined,
              }),
              replace: true,
            }),
        }}
        empty={
          isFiltered(filters) ? (
            <Empty title={common.nothingFits}>{t.nothingFits}</Empty>
          ) : (
            <Empty title={t.empty} action={create}>
              {t.emptyLead}
            </Empty>
          )
        }
      />
    </Page>
  )
}
