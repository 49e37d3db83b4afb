import { Button } from '@mantine/core'
import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { sessionQuery, useMay } from '../../../api/me.ts'
import { useDialog } from '../../../shared/dialog.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { List } from '../../../shared/list.tsx'
import { Page } from '../../../shared/page.tsx'
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
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(accountsQuery)
  const add = useDialog('add')
  const accounts = data?.pages.flatMap((page) => page.items)
  // With pages that are not read yet, nobody knows which admin is the last. The server knows it.
  const known = hasNextPage ? [] : (accounts ?? [])
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
      {error !== null && data === undefined ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : (
        <List
          label={settings.pages.administrators}
          columns={columnsFor({ me: me.name, accounts: known, canChange: may('accounts:write') })}
          rows={accounts}
          keyOf={({ name }) => name}
          onMore={hasNextPage ? () => void (isFetchingNextPage || fetchNextPage()) : undefined}
          empty={<Empty title={t.empty}>{t.emptyLead}</Empty>}
        />
      )}
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
