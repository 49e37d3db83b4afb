import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { Problem } from '../../../api/problem.ts'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { administrators as t } from '../../../texts/administrators.ts'
import { common } from '../../../texts/common.ts'
import { addAccount } from './calls.ts'
import { LinkOnce } from './link-once.tsx'
import { RoleChoice } from './role-choice.tsx'
import type { Role } from './roles.ts'

/** Adds an account, and shows the link of the person. */
export function AddDialog() {
  const dialog = useDialog('add')
  return (
    <Modal opened={dialog.isOpen} onClose={dialog.close} title={t.addTitle} size="lg">
      {dialog.isOpen && <AddForm onEnd={dialog.close} />}
    </Modal>
  )
}

const FIELDS = ['name', 'display_name', 'roles'] as const

function AddForm({ onEnd }: { readonly onEnd: () => void }) {
  const form = useForm<{ readonly name: string; readonly display_name: string; readonly roles: readonly Role[] }>({
    mode: 'controlled',
    initialValues: { name: '', display_name: '', roles: ['auditor'] },
    validate: { roles: (value) => (value.length === 0 ? t.rolesMissing : null) },
  })
  const add = useMutation({
    mutationFn: ({ name, display_name: displayName, roles }: typeof form.values) =>
      addAccount({
        name: name.trim(),
        roles: [...roles],
        ...(displayName.trim() !== '' && { display_name: displayName.trim() }),
      }),
    onError: (error) => {
      if (!(error instanceof Problem)) return
      for (const field of FIELDS) {
        const detail = error.at(`/${field}`)
        if (detail !== undefined) form.setFieldError(field, detail)
      }
    },
  })
  if (add.data !== undefined) return <LinkOnce name={add.data.name} link={add.data.link ?? ''} onKept={onEnd} />
  return (
    <form onSubmit={form.onSubmit((values) => add.mutate(values))} noValidate>
      <Stack>
        <TextInput
          label={t.name}
          description={t.nameHint}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t.displayName}
          description={t.displayNameHint}
          autoComplete="off"
          {...form.getInputProps('display_name')}
        />
        <RoleChoice
          value={form.values.roles}
          onChange={(next) => form.setFieldValue('roles', next)}
          error={form.errors['roles'] as string | undefined}
        />
        {add.error !== null && <Failure error={add.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onEnd}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={add.isPending} disabled={form.values.name.trim() === ''}>
            {t.addAction}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
