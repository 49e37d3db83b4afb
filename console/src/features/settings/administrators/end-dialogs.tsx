import { useMutation, useQuery } from '@tanstack/react-query'
import { DangerDialog } from '../../../shared/danger-dialog.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { Facts } from '../../../shared/facts.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { say } from '../../../shared/toast.ts'
import { administrators as t } from '../../../texts/administrators.ts'
import { accountQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { removeAccount, switchAccount } from './calls.ts'

/** Ends the sessions of an account, and lets it sign in no more. */
export function DisableDialog() {
  const { name, facts, dialog } = useEnd('disable', disable, t.isDisabled)
  return (
    <DangerDialog {...dialog} title={t.disableTitle(name)} action={t.disable}>
      <p className={classes['lead']}>{t.disableLead}</p>
      {facts}
    </DangerDialog>
  )
}

/** Removes an account for good. @param me the name of the person who does it */
export function RemoveDialog({ me }: { readonly me: string }) {
  const { name, facts, dialog } = useEnd('remove', removeAccount, t.removed)
  return (
    <DangerDialog {...dialog} title={t.removeTitle(name)} action={t.removeAction(name)} word={name}>
      <p className={classes['lead']}>{t.removeLead}</p>
      {facts}
      {name === me && (
        <p className={classes['lead']}>
          <b>{t.removeOwn}</b>
        </p>
      )}
    </DangerDialog>
  )
}

const disable = (name: string, etag: string, reason: string) => switchAccount(name, false, etag, reason)

/**
 * Ends something of the account that a dialog is about, in the state that the dialog shows.
 *
 * @param act the name of the dialog
 * @param done says that it has ended
 */
function useEnd(
  act: string,
  end: (name: string, etag: string, reason: string) => Promise<unknown>,
  done: (name: string) => string,
) {
  const { isOpen, about: name, close } = useDialog(act)
  const account = useQuery({ ...accountQuery(name), enabled: isOpen && name !== '' })
  const tagged = account.data
  const change = useMutation({
    mutationFn: ({ etag, reason }: { readonly etag: string; readonly reason: string }) => end(name, etag, reason),
    onSuccess: () => {
      close()
      say(done(name))
    },
  })
  return {
    name,
    facts: (
      <Loaded query={account} height="4rem">
        {({ data: { display_name: displayName, roles, enabled } }) => (
          <Facts
            facts={[
              [t.displayName, displayName ?? undefined],
              [t.roles, roles.map((role) => t.roleNames[role]).join(', ')],
              [t.state, enabled ? t.enabled : t.disabled],
            ]}
          />
        )}
      </Loaded>
    ),
    dialog: {
      isOpen,
      onClose: close,
      isReady: tagged !== undefined,
      change,
      onConfirm: (reason: string) => tagged && change.mutate({ etag: tagged.etag, reason }),
    },
  }
}
