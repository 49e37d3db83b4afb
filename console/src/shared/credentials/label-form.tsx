import { Button, Group, Skeleton, Stack, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ifUnchanged, read } from '../../api/client.ts'
import { common } from '../../texts/common.ts'
import { credentials as t } from '../../texts/credentials.ts'
import { Failure } from '../failure.tsx'
import { at, type CredentialName, credentialQuery } from './queries.ts'

interface Props {
  readonly name: CredentialName
  readonly onEnd: () => void
}

/** Gives a credential another label. */
export function LabelForm({ name, onEnd }: Props) {
  const queries = useQueryClient()
  const { data, error } = useQuery(credentialQuery(name))
  const [label, setLabel] = useState<string>()
  const save = useMutation({
    mutationFn: () =>
      read(
        api.PATCH('/api/v1/clients/{client_id}/credentials/{credential}', {
          params: at(name),
          ...ifUnchanged(data?.etag ?? ''),
          body: { label: label ?? '' },
        }),
      ),
    onSuccess: onEnd,
    onError: () => void queries.invalidateQueries({ queryKey: credentialQuery(name).queryKey }),
  })
  if (data === undefined) return error === null ? <Skeleton h="6rem" /> : <Failure error={error} />
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Stack>
        <TextInput
          label={t.label}
          value={label ?? data.data.label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          data-autofocus
        />
        {save.error !== null && <Failure error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onEnd}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={(label ?? '') === ''}>
            {common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
