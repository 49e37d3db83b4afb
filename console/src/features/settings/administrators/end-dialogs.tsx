import { useMutation } from '@tanstack/react-query'
import { DangerDialog } from '../../../shared/danger-dialog.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { say } from '../../../shared/toast.ts'
import { administrators as t } from '../../../texts/administrators.ts'
import classes from '../settings.module.css'
import { removeAccount, switchAccount } from './calls.ts'

/** Ends the sessions of an account, and lets it sign in no more. */
export function DisableDialog() {
  const dialog = useDialog('disable')
  const name = dialog.about
  const disable = useMutation({
    mutationFn: (reason: string) => switchAccount(name, false, reason),
    onSuccess: () => {
      dialog.close()
      say(t.isDisabled(name))
    },
  })
  const close = () => {
    dialog.close()
    disable.reset()
  }
  return (
    <DangerDialog
      isOpen={dialog.isOpen}
      onClose={close}
      title={t.disableTitle(name)}
      action={t.disable}
      isReady
      change={disable}
      onConfirm={(reason) => disable.mutate(reason)}
    >
      <p className={classes['lead']}>{t.disableLead}</p>
    </DangerDialog>
  )
}

/** Removes an account for good. @param me the name of the person who does it */
export function RemoveDialog({ me }: { readonly me: string }) {
  const dialog = useDialog('remove')
  const name = dialog.about
  const remove = useMutation({
    mutationFn: (reason: string) => removeAccount(name, reason),
    onSuccess: () => {
      dialog.close()
      say(t.removed(name))
    },
  })
  const close = () => {
    dialog.close()
    remove.reset()
  }
  return (
    <DangerDialog
      isOpen={dialog.isOpen}
      onClose={close}
      title={t.removeTitle(name)}
      action={t.removeAction(name)}
      word={name}
      isReady
      change={remove}
      onConfirm={(reason) => remove.mutate(reason)}
    >
      <p className={classes['lead']}>{t.removeLead}</p>
      {name === me && (
        <p className={classes['lead']}>
          <b>{t.removeOwn}</b>
        </p>
      )}
    </DangerDialog>
  )
}
