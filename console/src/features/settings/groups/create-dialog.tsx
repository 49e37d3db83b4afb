import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { isStale } from '../../../api/problem.ts'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { say } from '../../../shared/toast.ts'
import { common } from '../../../texts/common.ts'
import { groups as t } from '../../../texts/groups.ts'
import { createGroup } from './calls.ts'

/** Creates a group. Its page then asks for members. */
export function CreateDialog() {
  const dialog = useDialog('create')
  return (
    <Modal opened={dialog.isOpen} onClose={dialog.close} title={t.createTitle}>
      {dialog.isOpen && <Form onCancel={dialog.close} />}
    </Modal>
  )
}

function Form({ onCancel }: { readonly onCancel: () => void }) {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const create = useMutation({
    mutationFn: () => createGroup(name.trim(), { description, members: [] }),
    onSuccess: async ({ data }) => {
      say(t.created(data.name))
      await navigate({ to: '/settings/groups/$group', params: { group: data.name } })
    },
  })
  const exists = isStale(create.error)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <Stack>
        <TextInput
          label={t.name}
          description={t.nameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={exists && t.exists}
          maxLength={256}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <TextInput
          label={t.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          maxLength={1024}
        />
        {create.error !== null && !exists && <Failure error={create.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
            {t.createAction}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
