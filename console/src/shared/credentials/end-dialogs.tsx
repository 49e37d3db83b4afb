import { useMutation, useQuery } from '@tanstack/react-query'
import { api, becauseOf, ifUnchanged, read } from '../../api/client.ts'
import { credentials as t } from '../../texts/credentials.ts'
import { BlastRadius } from '../blast-radius.tsx'
import { DangerDialog } from '../danger-dialog.tsx'
import { useDialog } from '../dialog.ts'
import { say } from '../toast.ts'
import { at, credentialEffectQuery, credentialQuery, nameOf } from './queries.ts'

/** Revokes or removes a credential, after showing who would notice. */
export function EndDialog({ act }: { readonly act: 'revoke' | 'remove' }) {
  const dialog = useDialog(act)
  const name = nameOf(dialog.about)
  const { data, error } = useQuery({ ...credentialEffectQuery(name), enabled: dialog.isOpen })
  const { data: credential } = useQuery({ ...credentialQuery(name), enabled: dialog.isOpen })
  const end = useMutation({
    mutationFn: (reason: string) => {
      const headers = becauseOf(reason)
      if (act === 'revoke')
        return read(
          api.POST('/api/v1/clients/{client_id}/credentials/{credential}/revoke', { params: at(name), headers }),
        )
      return read(
        api.DELETE('/api/v1/clients/{client_id}/credentials/{credential}', {
          params: at(name),
          headers: { ...headers, ...ifUnchanged(credential?.etag ?? '').headers },
        }),
      )
    },
    onSuccess: () => {
      dialog.close()
      say(act === 'revoke' ? t.revoked : t.removed)
    },
  })
  const words = credential?.data.label || (credential?.data.kind ?? '')
  return (
    <DangerDialog
      isOpen={dialog.isOpen}
      onClose={() => {
        end.reset()
        dialog.close()
      }}
      title={act === 'revoke' ? t.revokeTitle(words, name.client) : t.removeTitle(words, name.client)}
      action={act === 'revoke' ? t.revoke : t.remove}
      error={end.error}
      isBusy={end.isPending}
      onConfirm={end.mutate}
    >
      <BlastRadius effect={data} error={error} />
      {data?.is_last === true && <p style={{ margin: 0, fontWeight: 600 }}>{t.isLast(name.client)}</p>}
      <p style={{ margin: 0 }}>{act === 'revoke' ? t.revokeLead : t.removeLead}</p>
    </DangerDialog>
  )
}

/** Undoes a rotation: the successor goes, and its predecessor stays. */
export function CancelDialog() {
  const dialog = useDialog('cancel')
  const name = nameOf(dialog.about)
  const { data, error } = useQuery({ ...credentialEffectQuery(name), enabled: dialog.isOpen })
  const cancel = useMutation({
    mutationFn: (reason: string) =>
      read(
        api.POST('/api/v1/clients/{client_id}/credentials/{credential}/cancel', {
          params: at(name),
          headers: becauseOf(reason),
        }),
      ),
    onSuccess: () => {
      dialog.close()
      say(t.cancelled)
    },
  })
  return (
    <DangerDialog
      isOpen={dialog.isOpen}
      onClose={dialog.close}
      title={t.cancelTitle(name.client)}
      action={t.cancel}
      error={cancel.error}
      isBusy={cancel.isPending}
      onConfirm={cancel.mutate}
    >
      <BlastRadius effect={data} error={error} />
      <p style={{ margin: 0 }}>{t.cancelLead}</p>
    </DangerDialog>
  )
}
