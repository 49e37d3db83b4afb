import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight'
import '@mantine/spotlight/styles.css'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, read } from '../../api/client.ts'
import { useMay } from '../../api/me.ts'
import { settingsPages } from '../../features/settings/pages.ts'
import { Icon } from '../../shared/icon.tsx'
import { shell } from '../../texts/shell.ts'
import { placeGroups } from '../places.ts'
import { closeSearch } from './search-opening.ts'

const MOST_FOUND = '6'
const PAUSE_MS = 150
const REQUEST_ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/i

/** Search over pages, clients and APIs, and the explanation of a pasted request id. */
export function Search() {
  const [typed, setTyped] = useState('')
  useEffect(() => spotlight.open(), [])
  const [asked] = useDebouncedValue(typed.trim(), PAUSE_MS)
  const navigate = useNavigate()
  const may = useMay()
  const clients = useQuery({
    queryKey: ['search', 'clients', asked],
    queryFn: () => read(api.GET('/api/v1/clients', { params: { query: { search: asked, limit: MOST_FOUND } } })),
    enabled: asked !== '' && may('clients:read', 'anything'),
    placeholderData: keepPreviousData,
  })
  const apis = useQuery({
    queryKey: ['search', 'apis', asked],
    queryFn: () => read(api.GET('/api/v1/apis', { params: { query: { search: asked, limit: MOST_FOUND } } })),
    enabled: asked !== '' && may('apis:read', 'anything'),
    placeholderData: keepPreviousData,
  })
  const [requestId] = REQUEST_ID.exec(typed) ?? []
  const places = placeGroups.flat().filter((place) => may(place.permission, 'anything'))
  const below = asked === '' ? [] : settingsPages(may).map((page) => ({ ...page, icon: 'settings' as const }))
  const pages = [...places, ...below]
    .filter(({ title }) => title.toLowerCase().includes(asked.toLowerCase()))
    .map(
      ({ to, title, icon }): SpotlightActionData => ({
        id: `${to} ${title}`,
        label: title,
        leftSection: <Icon name={icon} />,
        onClick: () => void navigate({ to }),
      }),
    )
  const actions: SpotlightActionGroupData[] = [
    ...(requestId === undefined
      ? []
      : [
          {
            group: shell.pages,
            actions: [
              {
                id: requestId,
                label: shell.explain(requestId),
                leftSection: <Icon name="info" />,
                onClick: () => void navigate({ to: '.', search: (before) => ({ ...before, why: requestId }) }),
              },
            ],
          },
        ]),
    { group: shell.pages, actions: pages },
    {
      group: shell.clients,
      actions: (asked === '' ? [] : (clients.data?.items ?? [])).map((client) => ({
        id: `client ${client.client_id}`,
        label: client.client_id,
        description: client.name ?? '',
        leftSection: <Icon name="client" />,
        onClick: () => void navigate({ to: `/clients/${encodeURIComponent(client.client_id)}` }),
      })),
    },
    {
      group: shell.apis,
      actions: (asked === '' ? [] : (apis.data?.items ?? [])).map((one) => ({
        id: `api ${one.audience}`,
        label: one.audience,
        description: one.name ?? '',
        leftSection: <Icon name="api" />,
        onClick: () => void navigate({ to: `/apis/${encodeURIComponent(one.audience)}` }),
      })),
    },
  ].filter((group) => group.actions.length > 0)
  return (
    <Spotlight
      actions={actions}
      query={typed}
      onQueryChange={setTyped}
      filter={(_, found) => found}
      shortcut={null}
      onSpotlightClose={closeSearch}
      nothingFound={shell.nothingFound}
      scrollable
      attributes={{ content: { 'aria-label': shell.search } }}
      maxHeight={420}
      searchProps={{
        placeholder: shell.searchPlaceholder,
        'aria-label': shell.search,
        leftSection: <Icon name="search" />,
      }}
    />
  )
}
