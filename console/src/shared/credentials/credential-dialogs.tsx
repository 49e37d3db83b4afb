import { Modal } from '@mantine/core'
import { type Over, useMay } from '../../api/me.ts'
import { credentials as t } from '../../texts/credentials.ts'
import { useDialog } from '../dialog.ts'
import { CancelDialog, EndDialog } from './end-dialogs.tsx'
import { LabelForm } from './label-form.tsx'
import { nameOf } from './queries.ts'
import { RotateForm } from './rotate-form.tsx'

/**
 * The dialogs about credentials. A page mounts them once; `CredentialActions` and links open them.
 *
 * @param over the things that the page is about. A link opens nothing that the person may not do to them.
 */
export function CredentialDialogs({ over }: { readonly over: Over }) {
  const may = useMay()
  const [rotate, label] = [useDialog('rotate'), useDialog('label')]
  const mayRotate = may('credentials:rotate', over)
  const mayEnd = may('credentials:delete', over)
  const isRotating = rotate.isOpen && mayRotate
  const isLabelling = label.isOpen && may('credentials:write', over)
  return (
    <>
      <Modal opened={isRotating} onClose={rotate.close} title={t.rotateTitle} size="lg">
        {isRotating && <RotateForm name={nameOf(rotate.about)} onEnd={rotate.close} />}
      </Modal>
      <Modal opened={isLabelling} onClose={label.close} title={t.relabel}>
        {isLabelling && <LabelForm name={nameOf(label.about)} onEnd={label.close} />}
      </Modal>
      {mayEnd && <EndDialog act="revoke" />}
      {mayEnd && <EndDialog act="remove" />}
      {mayRotate && <CancelDialog />}
    </>
  )
}
