import { Group, Select } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { CredentialDialogs } from '../../shared/credentials/credential-dialogs.tsx'
import { kinds } from '../../shared/credentials/kinds.ts'
import { Empty } from '../../shared/empty.tsx'
import { count } from '../../shared/format.ts'
import { Page } from '../../shared/page.tsx'
import { PagedList } from '../../shared/paged-list.tsx'
import { TypedField } from '../../shared/typed-field.tsx'
import { clients } from '../../texts/clients.ts'
import { rotation as t } from '../../texts/rotation.ts'
import { columns } from './columns.tsx'
import { boardQuery, countQuery } from './queries.ts'
import classes from './rotation.module.css'
import { type Board, type View, views } from './views.ts'

const route = getRouteApi('/rotation')

/** Every credential by the attention that it needs, with the acts right there. */
export function RotationPage() {
  const { view = 'valid', owner, kind } = route.useSearch()
  const board: Board = { view, owner, kind }
  const query = useInfiniteQuery({
    ...boardQuery(board),
    placeholderData: keepPreviousData,
  })
  return (
    <Page title={t.title} lead={t.lead}>
      <nav aria-label={t.views} className={classes['views']}>
        {views.map((one) => (
          <ViewLink key={one} view={one} board={board} isPresent={one === view} />
        ))}
      </nav>
      <Filters board={board} />
      <PagedList
        label={t.title}
        columns={columns}
        query={query}
        keyOf={(credential) => credential.id}
        empty={<Empty title={t.empty[view]}>{t.emptyLead[view]}</Empty>}
      />
      <CredentialDialogs over="anything" />
    </Page>
  )
}

interface ViewLinkProps {
  readonly view: View
  readonly board: Board
  readonly isPresent: boolean
}

function ViewLink({ view, board, isPresent }: ViewLinkProps) {
  const { data } = useQuery(countQuery(view, board))
  return (
    <Link
      to="/rotation"
      search={{ ...board, view: view === 'valid' ? undefined : view }}
      aria-current={isPresent ? 'page' : undefined}
      // The router would count the view without a name as a part of each other one.
      activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
    >
      {t.names[view]}
      <span className="tabular">{data === undefined ? '' : `${count(data.count)}${data.is_more ? '+' : ''}`}</span>
    </Link>
  )
}

function Filters({ board }: { readonly board: Board }) {
  const navigate = route.useNavigate()
  const change = (next: Partial<Board>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  return (
    <Group gap="sm" role="search" aria-label={clients.filters}>
      <TypedField
        aria-label={clients.owner}
        placeholder={t.anyOwner}
        w="14rem"
        value={board.owner}
        disabled={board.view === 'unowned'}
        onChange={(owner) => change({ owner })}
      />
      <Select
        aria-label={clients.proof}
        placeholder={t.anyProof}
        w="12rem"
        clearable
        data={kinds.map((value) => ({ value, label: clients.kinds[value] }))}
        value={board.kind ?? null}
        onChange={(value) => change({ kind: kinds.find((one) => one === value) })}
      />
    </Group>
  )
}
