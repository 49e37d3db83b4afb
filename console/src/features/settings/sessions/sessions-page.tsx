import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, becauseOf, read } from '../../../api/client.ts'
import type { Entry } from '../../../api/types.ts'
import { DangerDialog } from '../../../shared/danger-dialog.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { Page, Sheet } from '../../../shared/page.tsx'
import { say } from '../../../shared/toast.ts'
import { settings } from '../../../texts/settings.ts'
import { sessionsQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { programOf } from './program.ts'

const t = settings.sessions

type Session = Entry<'sessions.list'>

/** Everywhere the person is signed in, the present place first. */
export function SessionsPage() {
  const sessions = useQuery(sessionsQuery)
  const all = useDialog('end-all')
  return (
    <Page
      title={settings.pages.sessions}
      lead={t.lead}
      actions={
        <>
          <Button variant="default" component="a" href="/account">
            {t.account}
          </Button>
          <Button variant="default" color="brick" onClick={() => all.open()}>
            {t.endAll}
          </Button>
        </>
      }
    >
      <Loaded query={sessions} height="9rem">
        {({ items }) => <Sessions items={items} />}
      </Loaded>
      <EndAllDialog />
    </Page>
  )
}

function Sessions({ items }: { readonly items: readonly Session[] }) {
  const queries = useQueryClient()
  const end = useMutation({
    mutationFn: (id: string) => read(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } })),
    onSuccess: () => say(t.ended),
    // A session that has ended by itself goes from the list.
    onError: () => queries.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  })
  const ordered = items.toSorted(
    (one, other) => Number(other.present) - Number(one.present) || other.last_seen_at.localeCompare(one.last_seen_at),
  )
  return (
    <>
      {end.error !== null && <Failure error={end.error} />}
      <Sheet flush>
        <table className={classes['table']} aria-label={settings.pages.sessions}>
          <thead>
            <tr>
              <th scope="col">{t.session}</th>
              <th scope="col">{t.used}</th>
              <th scope="col" data-extra>
                {t.begun}
              </th>
              <th scope="col" data-extra>
                {t.ends}
              </th>
              <td />
            </tr>
          </thead>
          <tbody>
            {ordered.map((session) => (
              <tr key={session.id}>
                <th scope="row">
                  <span title={session.user_agent}>{nameOf(session)}</span>{' '}
                  {session.present && <span className={classes['quiet']}>{t.present}</span>}
                  <div className={classes['quiet']}>{session.remote_address}</div>
                </th>
                <td>
                  <Instant at={session.last_seen_at} />
                </td>
                <td data-extra>
                  <Instant at={session.created_at} />
                </td>
                <td data-extra>
                  <Instant at={session.expires_at} />
                </td>
                <td align="right">
                  {!session.present && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={t.endThis(`${nameOf(session)}, ${session.remote_address}`)}
                      loading={end.isPending && end.variables === session.id}
                      onClick={() => end.mutate(session.id)}
                    >
                      {t.end}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Sheet>
    </>
  )
}

function nameOf({ kind, user_agent: agent = '' }: Session): string {
  const { program, system } = programOf(agent)
  if (kind === 'cli') return system === undefined ? t.cli : t.on(t.cli, system)
  if (program === undefined) return agent.split(/[\s/]/)[0] || t.browser
  return system === undefined ? program : t.on(program, system)
}

function EndAllDialog() {
  const dialog = useDialog('end-all')
  const end = useMutation({
    mutationFn: (reason: string) => read(api.DELETE('/api/v1/sessions', { headers: becauseOf(reason) })),
    onSuccess: () => location.assign('/sign-in'),
  })
  return (
    <DangerDialog
      isOpen={dialog.isOpen}
      onClose={dialog.close}
      title={t.endAllTitle}
      action={t.endAllAction}
      isReady
      change={end}
      onConfirm={(reason) => end.mutate(reason)}
    >
      <p className={classes['lead']}>{t.endAllLead}</p>
    </DangerDialog>
  )
}
