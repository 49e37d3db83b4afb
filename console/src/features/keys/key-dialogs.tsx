import { Alert, Checkbox } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { DangerDialog } from '../../shared/danger-dialog.tsx'
import { useDialog } from '../../shared/dialog.ts'
import { Icon } from '../../shared/icon.tsx'
import type { Key } from '../../shared/keys.tsx'
import { say } from '../../shared/toast.ts'
import { keys as t } from '../../texts/keys.ts'
import { RevokeFacts, RollBackFacts, RotateFacts } from './consequences.tsx'
import { algorithmOf, revoke, rollBack, rotate } from './queries.ts'

/** The dialogs of the page. Each says first what will happen. */
export const KeyDialogs = ({ keys }: { readonly keys: readonly Key[] }) => (
  <>
    <RotateDialog keys={keys} />
    <RollBackDialog keys={keys} />
    <RevokeDialog keys={keys} />
  </>
)

interface Props {
  readonly keys: readonly Key[]
}

/** Does something with keys, says so, and closes. */
function useChange<Given>(change: (given: Given) => Promise<unknown>, done: string, close: () => void) {
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      say(done)
      close()
    },
  })
}

function RotateDialog({ keys }: Props) {
  const { isOpen, about, close } = useDialog('rotate')
  const algorithm = algorithmOf(about)
  const change = useChange(rotate, t.rotated(about), close)
  return (
    <DangerDialog
      isOpen={isOpen && algorithm !== undefined}
      onClose={close}
      title={t.rotateTitle(about)}
      action={t.rotate}
      isReady
      change={change}
      onConfirm={(reason, form) => algorithm && change.mutate({ algorithm, isNow: form.has('now'), reason })}
    >
      <p style={{ margin: 0 }}>{t.rotateLead}</p>
      <RotateFacts keys={keys} algorithm={about} />
      <Checkbox name="now" label={t.rotateNow} description={t.rotateNowHint} />
    </DangerDialog>
  )
}

function RollBackDialog({ keys }: Props) {
  const { isOpen, about, close } = useDialog('roll-back')
  const algorithm = algorithmOf(about)
  const change = useChange(rollBack, t.rolledBack(about), close)
  return (
    <DangerDialog
      isOpen={isOpen && algorithm !== undefined}
      onClose={close}
      title={t.rollBackTitle(about)}
      action={t.rollBack}
      isReady
      change={change}
      onConfirm={(reason) => algorithm && change.mutate({ algorithm, reason })}
    >
      <p style={{ margin: 0 }}>{t.rollBackLead}</p>
      <RollBackFacts keys={keys} algorithm={about} />
    </DangerDialog>
  )
}

function RevokeDialog({ keys }: Props) {
  const { isOpen, about, close } = useDialog('revoke')
  const change = useChange((reason: string) => revoke(about, reason), t.revoked, close)
  const key = keys.find(({ kid }) => kid === about)
  return (
    <DangerDialog
      isOpen={isOpen}
      onClose={close}
      title={t.revokeTitle}
      action={t.revokeAction}
      word={about.slice(0, 6)}
      isReady={key !== undefined}
      change={change}
      onConfirm={(reason) => change.mutate(reason)}
    >
      <Alert color="brick" icon={<Icon name="warn" />} title={t.revokeLead}>
        {t.revokeOffline} {key?.state === 'active' && t.revokeActive}
      </Alert>
      <RevokeFacts keys={keys} kid={about} />
    </DangerDialog>
  )
}
