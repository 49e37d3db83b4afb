import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../../api/me.ts'
import type { Entry } from '../../../api/types.ts'
import { useDialog } from '../../../shared/dialog.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Icon } from '../../../shared/icon.tsx'
import type { Column } from '../../../shared/list.tsx'
import { Page, Sheet } from '../../../shared/page.tsx'
import { PagedList } from '../../../shared/paged-list.tsx'
import { Status } from '../../../shared/status.tsx'
import { groups as t } from '../../../texts/groups.ts'
import { settings } from '../../../texts/settings.ts'
import { groupsQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { CreateDialog } from './create-dialog.tsx'

const columns: readonly Column<Entry<'groups.list'>>[] = [
  {
    id: 'group',
    title: t.group,
    width: 'minmax(9rem, 1fr)',
    cell: ({ name: group, unreadable }) => (
      <>
        <Link to="/settings/groups/$group" params={{ group }}>
          {group}
        </Link>{' '}
        {unreadable !== undefined && <Status kind="bad">{t.unreadable}</Status>}
      </>
    ),
  },
  {
    id: 'description',
    title: t.description,
    width: 'minmax(9rem, 2fr)',
    isExtra: true,
    cell: ({ description, unreadable }) => <span className={classes['quiet']}>{unreadable ?? description}</span>,
  },
  { id: 'members', title: t.members, width: '6rem', align: 'right', cell: ({ members }) => members },
]

/** The groups that own clients and APIs. */
export function GroupsPage() {
  const may = useMay()
  const create = useDialog('create')
  const query = useInfiniteQuery(groupsQuery)
  const button = may('groups:write') && (
    <Button leftSection={<Icon name="plus" />} onClick={() => create.open()}>
      {t.create}
    </Button>
  )
  const isEmpty = query.data?.pages.every((page) => page.items.length === 0) === true
  return (
    <Page title={settings.pages.groups} lead={t.lead} actions={!isEmpty && button}>
      <PagedList
        label={settings.pages.groups}
        columns={columns}
        query={query}
        keyOf={({ name }) => name}
        empty={
          <Sheet>
            <Empty title={t.empty} action={button}>
              {t.emptyLead}
            </Empty>
          </Sheet>
        }
      />
      {may('groups:write') && <CreateDialog />}
    </Page>
  )
}
