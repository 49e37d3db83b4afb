import { Alert, Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, becauseOf, read, readTagged } from '../../../api/client.ts'
import { useMay } from '../../../api/me.ts'
import { isStale } from '../../../api/problem.ts'
import type { Answer } from '../../../api/types.ts'
import { BlastRadius } from '../../../shared/blast-radius.tsx'
import { DangerDialog } from '../../../shared/danger-dialog.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { say } from '../../../shared/toast.ts'
import { clientDetail as t } from '../../../texts/client-detail.ts'
import { common } from '../../../texts/common.ts'
import { clientEffectQuery, clientQuery } from '../queries.ts'
import classes from './danger.module.css'

interface Props {
  readonly clientId: string
}

/** The acts that end the access of a client. Each shows who would notice first. */
export function DangerTab({ clientId }: Props) {
  const { data: tagged } = useQuery(clientQuery(clientId))
  const may = useMay()
  if (tagged === undefined) return null
  const { data: client, etag } = tagged
  const over = { owner: client.owner }
  const isReadable = client.status.unreadable === undefined
  return (
    <ul className={classes['acts']}>
      {isReadable && <Switching client={client} isAllowed={may('clients:write', over)} />}
      <Deletion client={client} etag={etag} isAllowed={may('clients:delete', over)} />
    </ul>
  )
}

interface ActProps {
  readonly title: string
  readonly lead: string
  /** Why the act was refused; null if it was not. */
  readonly error?: unknown
  readonly children: React.ReactNode
}

const Act = ({ title, lead, error = null, children }: ActProps) => (
  <li>
    <div>
      <h2>{title}</h2>
      <p>{lead}</p>
      {error !== null && <Failure error={error} />}
    </div>
    {children}
  </li>
)

type Client = Answer<'clients.show'>

function Switching({ client, isAllowed }: { readonly client: Client; readonly isAllowed: boolean }) {
  const { client_id: id, enabled } = client
  const dialog = useDialog('disable')
  const effect = useQuery({ ...clientEffectQuery(id), enabled: dialog.isOpen })
  const change = useMutation({
    mutationFn: ({ to, reason }: { readonly to: 'enable' | 'disable'; readonly reason: string }) =>
      read(
        api.POST(`/api/v1/clients/{client_id}/${to}`, {
          params: { path: { client_id: id } },
          headers: becauseOf(reason),
        }),
      ),
    onSuccess: (_, { to }) => {
      dialog.close()
      say(to === 'enable' ? t.enabled(id) : t.disabled(id))
    },
  })
  if (!enabled)
    return (
      <Act title={t.enable} lead={t.enableLead} error={change.error}>
        <Button
          variant="default"
          disabled={!isAllowed}
          title={isAllowed ? undefined : common.notAllowed}
          loading={change.isPending}
          onClick={() => change.mutate({ to: 'enable', reason: '' })}
        >
          {t.enable}
        </Button>
      </Act>
    )
  return (
    <Act title={t.disable} lead={t.disableLead}>
      <Button
        variant="default"
        disabled={!isAllowed}
        title={isAllowed ? undefined : common.notAllowed}
        onClick={() => dialog.open()}
      >
        {t.disable}
      </Button>
      <DangerDialog
        isOpen={dialog.isOpen && isAllowed}
        onClose={dialog.close}
        title={t.disableTitle(id)}
        action={t.disableAction(id)}
        isReady={effect.isFetched}
        change={change}
        onConfirm={(reason) => change.mutate({ to: 'disable', reason })}
      >
        <p className={classes['lead']}>{t.disableConsequence}</p>
        <BlastRadius effect={effect.data} error={effect.error} />
      </DangerDialog>
    </Act>
  )
}

interface DeletionProps {
  readonly client: Client
  readonly etag: string
  readonly isAllowed: boolean
}

function Deletion({ client, etag, isAllowed }: DeletionProps) {
  const { client_id: id, status } = client
  const queries = useQueryClient()
  const navigate = useNavigate()
  const dialog = useDialog('delete')
  const effect = useQuery({ ...clientEffectQuery(id), enabled: dialog.isOpen })
  const remove = useMutation({
    mutationFn: (reason: string) =>
      readTagged(
        api.DELETE('/api/v1/clients/{client_id}', {
          params: {
            path: { client_id: id },
            header: { 'If-Match': etag },
            query: status.manifest === undefined ? {} : { take_over: 'true' },
          },
          headers: becauseOf(reason),
        }),
      ),
    onSuccess: async () => {
      say(t.deleted(id))
      await navigate({ to: '/clients' })
      queries.removeQueries({ queryKey: ['clients', 'one', id] })
    },
    // The dialog then shows the present state, and asks once more.
    onError: (error) => (isStale(error) ? queries.invalidateQueries({ queryKey: ['clients', 'one', id] }) : undefined),
  })
  const { credentials = 0, groups = [] } = effect.data ?? {}
  return (
    <Act title={t.delete} lead={t.deleteLead}>
      <Button
        variant="outline"
        color="brick"
        disabled={!isAllowed}
        title={isAllowed ? undefined : common.notAllowed}
        onClick={() => dialog.open()}
      >
        {t.delete}
      </Button>
      <DangerDialog
        isOpen={dialog.isOpen && isAllowed}
        onClose={dialog.close}
        title={t.deleteTitle(id)}
        action={t.deleteAction(id)}
        word={id}
        isReady={effect.isFetched}
        change={remove}
        onConfirm={(reason) => remove.mutate(reason)}
      >
        <p className={classes['lead']}>{t.deleteConsequence(credentials, groups)}</p>
        {status.manifest !== undefined && <Alert color="ochre">{t.deleteManifest(status.manifest)}</Alert>}
        <BlastRadius effect={effect.data} error={effect.error} />
      </DangerDialog>
    </Act>
  )
}
