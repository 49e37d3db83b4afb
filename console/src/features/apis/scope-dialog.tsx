import { Button, Group, Modal, MultiSelect, Stack, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ifUnchanged, read, type Tagged } from '../../api/client.ts'
import { useDialog } from '../../shared/dialog.ts'
import { Failure } from '../../shared/failure.tsx'
import { say } from '../../shared/toast.ts'
import { apis as t } from '../../texts/apis.ts'
import { common } from '../../texts/common.ts'
import type { Api } from './queries.ts'

interface Props {
  readonly tagged: Tagged<Api>
}

/** Adds a scope, or changes one. */
export function ScopeDialog({ tagged }: Props) {
  const { isOpen, about, close } = useDialog('scope')
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={about === '' ? t.addScope : t.editScope(about)}
      closeButtonProps={{ 'aria-label': common.close }}
    >
      {isOpen && <Content tagged={tagged} name={about} onClose={close} />}
    </Modal>
  )
}

function Content({ tagged: { data, etag }, name, onClose }: Props & { readonly name: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [scope, setScope] = useState(data.scopes.find((one) => one.name === name) ?? { name })
  const { audience } = data
  const saved = useMutation({
    mutationFn: () => {
      const { name: scopeName, ...body } = scope
      return read(
        api.PUT('/api/v1/apis/{audience}/scopes/{scope}', {
          params: { path: { audience, scope: scopeName.trim() } },
          body,
          ...ifUnchanged(etag),
        }),
      )
    },
    onSuccess: () => {
      onClose()
      say(t.saved(scope.name))
      return queries.invalidateQueries({ queryKey: ['apis'] })
    },
  })
  const flag = (field: 'common' | 'on_request' | 'wildcard', label: string) => (
    <Switch
      label={label}
      checked={scope[field] === true}
      onChange={(event) => setScope({ ...scope, [field]: event.currentTarget.checked || undefined })}
    />
  )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        saved.mutate()
      }}
    >
      <Stack gap="md">
        <TextInput
          label={t.scope}
          description={t.scopeNameHint}
          value={scope.name}
          disabled={name !== ''}
          required
          data-autofocus
          onChange={(event) => setScope({ ...scope, name: event.currentTarget.value })}
        />
        <TextInput
          label={t.description}
          value={scope.description ?? ''}
          onChange={(event) => setScope({ ...scope, description: event.currentTarget.value || undefined })}
        />
        {flag('common', t.commonLabel)}
        {flag('on_request', t.onRequestLabel)}
        {scope.name.includes('*') && flag('wildcard', t.wildcardLabel)}
        <MultiSelect
          label={t.includesLabel}
          description={t.includesHint}
          data={data.scopes.map((one) => one.name).filter((one) => one !== scope.name)}
          value={scope.includes ?? []}
          onChange={(includes) => setScope({ ...scope, includes: includes.length === 0 ? undefined : includes })}
        />
        {saved.error !== null && <Failure error={saved.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={saved.isPending}>
            {common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
