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
  const effect = useQuery({ ...credentialEffectQuery(name), enabled: dialog.isOpen })
  const { data: tagged, error } = useQuery({ ...credentialQuery(name), enabled: dialog.isOpen })
  const end = useMutation({
    mutationFn: ({ reason, etag }: { readonly reason: string; readonly etag: string }) => {
      const headers = becauseOf(reason)
      if (act === 'revoke')
        return read(
          api.POST('/api/v1/clients/{client_id}/credentials/{credential}/revoke', { params: at(name), headers }),
        )
      return read(
        api.DELETE('/api/v1/clients/{client_id}/credentials/{credential}', {
          params: at(name),
          headers: { ...headers, ...ifUnchanged(etag).headers },
        }),
      )
    },
    onSuccess: () => {
      dialog.close()
      say(act === 'revoke' ? t.revoked : t.removed)
    },
  })
  const words = tagged?.data.label || (tagged?.data.kind ?? '')
  return (
    <DangerDialog
      isOpen={dialog.isOpen}
      onClose={dialog.close}
      title={act === 'revoke' ? t.revokeTitle(words, name.client) : t.removeTitle(words, name.client)}
      action={act === 'revoke' ? t.revoke : t.remove}
      isReady={tagged !== undefined && effect.isFetched}
      change={end}
      onConfirm={(reason) => tagged && end.mutate({ reason, etag: tagged.etag })}
    >
      <BlastRadius effect={tagged && effect.data} error={error ?? effect.error} />
      {effect.data?.is_last === true && <p style={{ margin: 0, fontWeight: 600 }}>{t.isLast(name.client)}</p>}
      <p style={{ margin: 0 }}>{act === 'revoke' ? t.revokeLead : t.removeLead}</p>
    </DangerDialog>
  )
}

/** Undoes a rotation: the successor goes, and its predecessor stays. */
export function CancelDialog() {
  const dialog = useDialog('cancel')
  const name = nameOf(dialog.about)
  const effect = useQuery({ ...credentialEffectQuery(name), enabled: dialog.isOpen })
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
      isReady={effect.isFetched}
      change={cancel}
      onConfirm={(reason) => cancel.mutate(reason)}
    >
      <BlastRadius effect={effect.data} error={effect.error} />
      <p style={{ margin: 0 }}>{t.cancelLead}</p>
    </DangerDialog>
  )
}
