import { Autocomplete } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import { useMay } from '../../api/me.ts'
import { useTyped } from '../../shared/typed-field.tsx'
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
  const { text, type, flush } = useTyped(client, onChange)
  const [asked] = useDebouncedValue(text, PAUSE_MS)
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
      value={text}
      onChange={type}
      onBlur={flush}
      data={data?.items.map((one) => one.client_id) ?? []}
      filter={({ options }) => options}
      spellCheck={false}
    />
  )
}
