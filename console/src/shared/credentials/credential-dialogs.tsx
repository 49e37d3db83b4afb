import { Modal } from '@mantine/core'
import { common } from '../../texts/common.ts'
import { credentials as t } from '../../texts/credentials.ts'
import { useDialog } from '../dialog.ts'
import { CancelDialog, EndDialog } from './end-dialogs.tsx'
import { LabelForm } from './label-form.tsx'
import { nameOf } from './queries.ts'
import { RotateForm } from './rotate-form.tsx'

/** The dialogs about credentials. A page mounts them once; `CredentialActions` and links open them. */
export function CredentialDialogs() {
  const [rotate, label] = [useDialog('rotate'), useDialog('label')]
  return (
    <>
      <Modal
        opened={rotate.isOpen}
        onClose={rotate.close}
        title={t.rotateTitle}
        size="lg"
        closeButtonProps={{ 'aria-label': common.close }}
      >
        {rotate.isOpen && <RotateForm name={nameOf(rotate.about)} onEnd={rotate.close} />}
      </Modal>
      <Modal
        opened={label.isOpen}
        onClose={label.close}
        title={t.relabel}
        closeButtonProps={{ 'aria-label': common.close }}
      >
        {label.isOpen && <LabelForm name={nameOf(label.about)} onEnd={label.close} />}
      </Modal>
      <EndDialog act="revoke" />
      <EndDialog act="remove" />
      <CancelDialog />
    </>
  )
}
