import { Button } from '@mantine/core'
import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { sessionQuery, useMay } from '../../../api/me.ts'
import { useDialog } from '../../../shared/dialog.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { Page } from '../../../shared/page.tsx'
import { PagedList } from '../../../shared/paged-list.tsx'
import { administrators as t } from '../../../texts/administrators.ts'
import { settings } from '../../../texts/settings.ts'
import { accountsQuery } from '../queries.ts'
import { AddDialog } from './add-dialog.tsx'
import { ChangeDialog } from './change-dialog.tsx'
import { columnsFor } from './columns.tsx'
import { DisableDialog, RemoveDialog } from './end-dialogs.tsx'
import { ResetDialog } from './reset-dialog.tsx'
import { RoleTable } from './role-table.tsx'

/** The accounts of administrators, and what their roles mean. */
export function AdministratorsPage() {
  const may = useMay()
  const { data: me } = useSuspenseQuery(sessionQuery)
  const query = useInfiniteQuery(accountsQuery)
  const add = useDialog('add')
  // With pages that are not read yet, nobody knows which admin is the last. The server knows it.
  const known = query.hasNextPage ? [] : (query.data?.pages.flatMap((page) => page.items) ?? [])
  return (
    <Page
      title={settings.pages.administrators}
      lead={t.lead}
      actions={
        may('accounts:write') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => add.open()}>
            {t.add}
          </Button>
        )
      }
    >
      <PagedList
        label={settings.pages.administrators}
        columns={columnsFor({ me: me.name, accounts: known, canChange: may('accounts:write') })}
        query={query}
        keyOf={({ name }) => name}
        empty={<Empty title={t.empty}>{t.emptyLead}</Empty>}
      />
      <RoleTable />
      {may('accounts:write') && (
        <>
          <AddDialog />
          <ChangeDialog me={me.name} />
          <ResetDialog />
          <DisableDialog />
          <RemoveDialog me={me.name} />
        </>
      )}
    </Page>
  )
}
