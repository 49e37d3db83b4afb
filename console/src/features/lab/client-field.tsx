import { Autocomplete } from '@mantine/core'
import { useDebouncedCallback, useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, read } from '../../api/client.ts'
import { useMay } from '../../api/me.ts'
import { lab as t } from '../../texts/lab.ts'

const PAUSE_MS = 200

/** A client id, with suggestions as it is typed. */
export function ClientField({
  hint,
  client = '',
  onChange,
}: {
  readonly hint: string
  readonly client: string | undefined
  readonly onChange: (client: string | undefined) => void
}) {
  const [typed, setTyped] = useState(client)
  const [asked] = useDebouncedValue(typed, PAUSE_MS)
  const later = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), {
    delay: PAUSE_MS,
    flushOnUnmount: true,
  })
  const { data } = useQuery({
    queryKey: ['lab', 'clients', asked],
    queryFn: () =>
      read(api.GET('/api/v1/clients', { params: { query: { limit: '8', ...(asked !== '' && { search: asked }) } } })),
    enabled: useMay()('clients:read', 'anything'),
    placeholderData: keepPreviousData,
  })
  return (
    <Autocomplete
      label={t.client}
      description={hint}
      value={typed}
      onChange={(next) => {
        setTyped(next)
        later(next)
      }}
      onBlur={() => later.flush()}
      data={data?.items.map((one) => one.client_id) ?? []}
      filter={({ options }) => options}
      spellCheck={false}
    />
  )
}
