import { Alert, Button } from '@mantine/core'
import { DangerDialog } from '../../../shared/danger-dialog.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { Icon } from '../../../shared/icon.tsx'
import { clientSettings as t } from '../../../texts/client-settings.ts'

interface Props {
  readonly clientId: string
  readonly manifest: string
  readonly isTakingOver: boolean
  readonly onTakeOver: () => void
}

/** Says that a manifest owns the client, and lets the person take it over. */
export function Ownership({ clientId, manifest, isTakingOver, onTakeOver }: Props) {
  const dialog = useDialog('take-over')
  if (isTakingOver) return <Alert color="ochre">{t.takingOver}</Alert>
  return (
    <Alert color="gray" icon={<Icon name="file" />} title={t.ofManifest(manifest)}>
      <p style={{ margin: '0 0 0.6rem' }}>{t.ofManifestLead}</p>
      <Button size="xs" variant="default" onClick={() => dialog.open()}>
        {t.takeOver}
      </Button>
      <DangerDialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title={t.takeOverTitle(clientId)}
        action={t.takeOverAction}
        isReady
        onConfirm={() => {
          dialog.close()
          onTakeOver()
        }}
      >
        <p style={{ margin: 0 }}>{t.takeOverConsequence(manifest)}</p>
      </DangerDialog>
    </Alert>
  )
}
