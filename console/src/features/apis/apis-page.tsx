import { Button } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import type { Entry } from '../../api/types.ts'
import { Empty } from '../../shared/empty.tsx'
import { Icon } from '../../shared/icon.tsx'
import type { Column } from '../../shared/list.tsx'
import { Page } from '../../shared/page.tsx'
import { PagedList } from '../../shared/paged-list.tsx'
import { apis as t } from '../../texts/apis.ts'
import { common } from '../../texts/common.ts'
import classes from './apis.module.css'
import { ApisFilterBar } from './apis-filter.tsx'
import { apisQuery } from './queries.ts'
import { isFiltered } from './view.ts'

const route = getRouteApi('/apis')

const columns: readonly Column<Entry<'apis.list'>>[] = [
  {
    id: 'api',
    title: t.api,
    width: 'minmax(10rem, 2.4fr)',
    cell: ({ audience, name }) => (
      <div className={classes['api']}>
        <Link to="/apis/$audience" params={{ audience }}>
          {name ?? audience}
        </Link>
        {name !== undefined && <span>{audience}</span>}
      </div>
    ),
  },
  { id: 'scopes', title: t.scopes, width: '4rem', align: 'right', cell: ({ scopes = [] }) => scopes.length },
  {
    id: 'form',
    title: t.form,
    width: 'minmax(7rem, 1fr)',
    isExtra: true,
    cell: ({ token = {} }) => token.preset ?? token.format ?? 'jwt',
  },
  {
    id: 'owner',
    title: t.owner,
    width: 'minmax(6rem, 1fr)',
    isExtra: true,
    cell: ({ owner }) => owner ?? <span className={classes['none']}>{t.noOwner}</span>,
  },
  {
    id: 'manifest',
    title: t.manifest,
    width: 'minmax(6rem, 1fr)',
    isExtra: true,
    cell: ({ manifest }) => manifest ?? <span className={classes['none']}>{t.noManifest}</span>,
  },
]

/** The APIs, with filters that stand in the address. */
export function ApisPage() {
  const filter = route.useSearch()
  const may = useMay()
  const query = useInfiniteQuery({ ...apisQuery(filter), placeholderData: keepPreviousData })
  const create = may('apis:write', 'anything') && (
    <Button component={Link} to="/apis/new" leftSection={<Icon name="plus" />}>
      {t.create}
    </Button>
  )
  return (
    <Page title={t.title} lead={t.lead} actions={create}>
      <ApisFilterBar />
      <PagedList
        label={t.title}
        columns={columns}
        query={query}
        keyOf={(one) => one.audience}
        empty={
          isFiltered(filter) ? (
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
