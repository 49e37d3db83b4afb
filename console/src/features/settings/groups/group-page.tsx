import { Button, Group } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMay } from '../../../api/me.ts'
import { isMissing, isStale } from '../../../api/problem.ts'
import { DangerDialog } from '../../../shared/danger-dialog.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { Page, Section } from '../../../shared/page.tsx'
import { Status } from '../../../shared/status.tsx'
import { say } from '../../../shared/toast.ts'
import { groups as t } from '../../../texts/groups.ts'
import { settings } from '../../../texts/settings.ts'
import { groupQuery, ownedClientsQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { deleteGroup } from './calls.ts'
import { GroupForm } from './group-form.tsx'

const route = getRouteApi('/settings/groups/$group')
const above = { to: '/settings/groups', title: settings.pages.groups } as const

/** One group: its members and what they may do, the things that it owns, and its end. */
export function GroupPage() {
  const { group: name } = route.useParams()
  const may = useMay()
  const group = useQuery(groupQuery(name))
  if (isMissing(group.error) && group.data === undefined)
    return (
      <Page title={name} above={above}>
        <Empty title={t.missing(name)} action={<Link to="/settings/groups">{t.all}</Link>}>
          {t.missingLead}
        </Empty>
      </Page>
    )
  return (
    <Page title={name} above={above}>
      <Loaded query={group} height="20rem">
        {(tagged) => (
          <>
            {tagged.data.unreadable === undefined ? (
              <GroupForm key={name} tagged={tagged} canChange={may('groups:write')} />
            ) : (
              <Status kind="bad">{tagged.data.unreadable}</Status>
            )}
            <Section title={t.owned} lead={t.ownedLead}>
              <Owned name={name} />
            </Section>
            {may('groups:write') && <Deletion name={name} etag={tagged.etag} />}
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** The clients and APIs of the group. */
function Owned({ name }: { readonly name: string }) {
  const { data } = useQuery(ownedClientsQuery(name))
  return (
    <Group gap="lg">
      <Link to="/clients" search={{ owner: [name] }}>
        {data === undefined ? t.ownedClients : t.countedClients(data.count, data.is_more)}
      </Link>
      <Link to="/apis" search={{ owner: name }}>
        {t.ownedApis}
      </Link>
    </Group>
  )
}

function Deletion({ name, etag }: { readonly name: string; readonly etag: string }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const dialog = useDialog('delete')
  const remove = useMutation({
    mutationFn: (reason: string) => deleteGroup(name, etag, reason),
    onSuccess: async () => {
      say(t.deleted(name))
      await navigate({ to: '/settings/groups' })
      queries.removeQueries({ queryKey: ['groups', 'one', name] })
    },
    // The next try is about the present state.
    onError: (error) => (isStale(error) ? queries.invalidateQueries({ queryKey: ['groups', 'one', name] }) : undefined),
  })
  return (
    <Section
      title={t.delete}
      lead={t.deleteLead}
      actions={
        <Button variant="outline" color="brick" onClick={() => dialog.open()}>
          {t.delete}
        </Button>
      }
    >
      <DangerDialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title={t.deleteTitle(name)}
        action={t.deleteAction(name)}
        word={name}
        isReady
        change={remove}
        onConfirm={(reason) => remove.mutate(reason)}
      >
        <p className={classes['lead']}>{t.deleteConsequence}</p>
      </DangerDialog>
    </Section>
  )
}
