import { Button, Group, Select, Stack } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, read } from '../../api/client.ts'
import { common } from '../../texts/common.ts'
import { credentials as t } from '../../texts/credentials.ts'
import { addressesQuery } from '../addresses.ts'
import { Failure } from '../failure.tsx'
import { exactDate } from '../format.ts'
import { useNow } from '../now.ts'
import { SecretOnce } from '../secret-once.tsx'
import { overlaps, usualOverlap } from './overlaps.ts'
import { at, type CredentialName, credentialQuery } from './queries.ts'

interface Props {
  readonly name: CredentialName
  readonly onEnd: () => void
}

/** Adds the successor of a secret. The old one stays valid for the overlap. */
export function RotateForm({ name, onEnd }: Props) {
  const now = useNow()
  const [overlap, setOverlap] = useState<number>(usualOverlap)
  const { data: addresses } = useQuery(addressesQuery)
  const { data: credential } = useQuery(credentialQuery(name))
  const rotate = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/v1/clients/{client_id}/credentials/{credential}/rotate', {
          params: at(name),
          body: { overlap },
        }),
      ),
  })
  const secret = rotate.data?.secret
  if (secret !== undefined)
    return (
      <SecretOnce clientId={name.client} tokenUrl={addresses?.tokenUrl ?? ''} secret={secret} onKept={onEnd}>
        <p style={{ margin: 0 }}>{t.rotated(exactDate(Date.parse(rotate.data?.old.expires ?? '')))}</p>
      </SecretOnce>
    )
  const end = now + overlap * 1_000
  const expires = credential?.data.expires
  const oldEnd = expires === undefined ? end : Math.min(end, Date.parse(expires))
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        rotate.mutate()
      }}
    >
      <Stack>
        <p style={{ margin: 0 }}>{t.rotateLead(name.client)}</p>
        <Select
          label={t.overlap}
          allowDeselect={false}
          data={overlaps.map(({ seconds, name }) => ({ value: String(seconds), label: t.overlaps[name] }))}
          value={String(overlap)}
          onChange={(value) => setOverlap(Number(value))}
          data-autofocus
        />
        <p style={{ margin: 0 }} role="status">
          {overlap === 0 ? t.endsNow : t.oldEnds(exactDate(oldEnd))}
        </p>
        {rotate.error !== null && <Failure error={rotate.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onEnd}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={rotate.isPending} {...(overlap === 0 && { color: 'brick' })}>
            {t.rotate}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
