import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useId, useLayoutEffect, useState } from 'react'
import { common } from '../texts/common.ts'
import { Failure } from './failure.tsx'

interface Props {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly title: string
  /** The word on the button, such as `Delete billing`. */
  readonly action: string
  /** A word that must be typed, for what can't be undone. */
  readonly word?: string
  /** Whether the consequences are read, or can't be: nobody confirms before. */
  readonly isReady: boolean
  /** The change that a confirmation makes. Each opening forgets its last outcome. */
  readonly change?: { readonly error: unknown; readonly isPending: boolean; readonly reset: () => void }
  /** @param reason stated for the audit log; may be empty. @param form the named fields among the consequences */
  readonly onConfirm: (reason: string, form: FormData) => void
  /** The consequences. Fields among them have names and no state, so that they begin anew at each opening. */
  readonly children: React.ReactNode
}

/** Asks before something ends. The consequences come first, and the button says what it does. */
export function DangerDialog({ isOpen, onClose, ...rest }: Props) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={rest.title} size="lg">
      {isOpen && <Content {...rest} onClose={onClose} />}
    </Modal>
  )
}

function Content({ action, word, isReady, change, onConfirm, onClose, children }: Omit<Props, 'isOpen'>) {
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const form = useId()
  const { error, isPending = false, reset } = change ?? {}
  useLayoutEffect(() => reset?.(), [reset])
  return (
    <form
      id={form}
      onSubmit={(event) => {
        event.preventDefault()
        onConfirm(reason, new FormData(event.currentTarget))
      }}
    >
      <Stack gap="md">
        {children}
        <TextInput
          label={common.reason}
          description={common.reasonHint}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={256}
        />
        {word !== undefined && (
          <TextInput
            label={common.typeToConfirm(word)}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        {error !== null && error !== undefined && <Failure error={error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>
            {common.cancel}
          </Button>
          <Button
            type="submit"
            color="brick"
            loading={isPending}
            disabled={!isReady || (word !== undefined && typed !== word)}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
