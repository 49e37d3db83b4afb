import { Button, Checkbox, Group, Modal, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { administrators as t } from '../../../texts/administrators.ts'
import { common } from '../../../texts/common.ts'
import classes from '../settings.module.css'
import { resetAccount } from './calls.ts'
import { LinkOnce } from './link-once.tsx'

/** Makes a link for somebody who has lost a password or an app. */
export function ResetDialog() {
  const dialog = useDialog('reset')
  return (
    <Modal opened={dialog.isOpen} onClose={dialog.close} title={t.resetTitle(dialog.about)} size="lg">
      {dialog.isOpen && <Form key={dialog.about} name={dialog.about} onEnd={dialog.close} />}
    </Modal>
  )
}

function Form({ name, onEnd }: { readonly name: string; readonly onEnd: () => void }) {
  const [alsoFactor, setAlsoFactor] = useState(false)
  const reset = useMutation({
    mutationFn: () => resetAccount(name, alsoFactor),
  })
  if (reset.data !== undefined) return <LinkOnce name={name} link={reset.data.link ?? ''} onKept={onEnd} />
  return (
    <Stack>
      <p className={classes['lead']}>{t.resetLead}</p>
      <Checkbox
        label={t.resetFactor}
        description={t.resetFactorHint}
        checked={alsoFactor}
        onChange={(event) => setAlsoFactor(event.currentTarget.checked)}
      />
      {reset.error !== null && <Failure error={reset.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onEnd} data-autofocus>
          {common.cancel}
        </Button>
        <Button loading={reset.isPending} onClick={() => reset.mutate()}>
          {t.resetAction}
        </Button>
      </Group>
    </Stack>
  )
}
