import { Alert, Button, Group, Skeleton, Stack, Switch } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../../../api/me.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { SearchField, useTyped } from '../../../shared/typed-field.tsx'
import { clientPermissions as t } from '../../../texts/client-permissions.ts'
import { common } from '../../../texts/common.ts'
import { apisQuery, clientQuery } from '../queries.ts'
import { ApiGrants } from './api-grants.tsx'
import { rowsOf } from './sources.ts'

const route = getRouteApi('/clients/$clientId')

/** The permissions of a client as a matrix: its scopes at each API, and why it has them. */
export function PermissionsTab({ clientId }: { readonly clientId: string }) {
  const { find = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const may = useMay()
  const [isOnlyHeld, setOnlyHeld] = useState(false)
  const typed = useTyped(
    find,
    (next) => void navigate({ search: (before) => ({ ...before, find: next }), replace: true, resetScroll: false }),
  )
  const { data: tagged } = useQuery(clientQuery(clientId))
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(apisQuery)
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  if (tagged === undefined || data === undefined) return <Skeleton h="16rem" />
  const client = tagged.data
  const grants = new Map((client.grants ?? []).map((grant) => [grant.api, grant]))
  const known = data.pages.flatMap((page) => page.items)
  const strangers = [...grants.keys()].filter((api) => !known.some(({ audience }) => audience === api))
  const apis = [...known, ...strangers.map((audience) => ({ audience, scopes: [] }))]
  const shown = apis.flatMap((api) => {
    const grant = grants.get(api.audience)
    const rows = rowsOf(client, api, grant)
    const isHeld = (name: string, elsewhere: string | undefined) =>
      elsewhere !== undefined || grant?.scopes?.includes(name) === true
    const held = rows.filter((row) => isHeld(row.name, row.elsewhere))
    const isApiFound = `${api.audience} ${'name' in api ? (api.name ?? '') : ''}`
      .toLowerCase()
      .includes(find.toLowerCase())
    const fitting = (isOnlyHeld ? held : rows).filter(
      ({ name }) => isApiFound || name.toLowerCase().includes(find.toLowerCase()),
    )
    const isShown = fitting.length > 0 || (isApiFound && !isOnlyHeld)
    return isShown ? [{ api, grant, rows: fitting, all: rows.length, held: held.length }] : []
  })
  shown.sort((one, other) => Number(other.held > 0) - Number(one.held > 0))
  const { owner, status } = client
  const isLocked = status.manifest !== undefined
  const isReadOnly = isLocked || !may('clients:write', { owner })
  return (
    <Stack gap="lg">
      {isLocked && (
        <Alert color="gray" icon={<Icon name="file" />}>
          {t.manifest(status.manifest ?? '')}
        </Alert>
      )}
      {!isReadOnly && <p style={{ margin: 0 }}>{t.lead}</p>}
      <Group gap="lg" role="search" aria-label={t.find}>
        <SearchField label={t.find} typed={typed} />
        <Switch
          label={t.onlyHeld}
          checked={isOnlyHeld}
          onChange={(event) => setOnlyHeld(event.currentTarget.checked)}
        />
      </Group>
      {apis.length === 0 && <Empty title={t.none}>{t.noneLead}</Empty>}
      {apis.length > 0 && shown.length === 0 && (
        <Empty title={find === '' ? t.nothingHeld : common.nothingFits}>
          {find === '' ? t.nothingHeldLead : t.nothingFits}
        </Empty>
      )}
      {shown.map((one) => (
        <ApiGrants key={one.api.audience} clientId={clientId} {...one} isReadOnly={isReadOnly} />
      ))}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {common.more}
        </Button>
      )}
    </Stack>
  )
}
