import { Button, Group, Stack, Switch } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Empty } from '../../shared/empty.tsx'
import { Failure } from '../../shared/failure.tsx'
import { Section } from '../../shared/page.tsx'
import { apis as t } from '../../texts/apis.ts'
import { common } from '../../texts/common.ts'
import { AccessMatrix } from './access-matrix.tsx'
import { ApiUsage } from './api-usage.tsx'
import classes from './apis.module.css'
import type { Api } from './queries.ts'
import { apiClientsQuery } from './queries.ts'

const route = getRouteApi('/apis/$audience')

/** The clients of an API with the scopes that each holds, and their use of it. */
export function AccessTab({ api: { audience, scopes = [] } }: { readonly api: Api }) {
  const { common: withCommon } = route.useSearch()
  const navigate = route.useNavigate()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    apiClientsQuery(audience, withCommon === 'true'),
  )
  const clients = data?.pages.flatMap(({ items }) => items)
  return (
    <Stack gap="xl">
      <Section title={t.holdersTitle} lead={t.holdersLead}>
        {scopes.some((one) => one.common === true) && (
          <Switch
            label={t.withCommon}
            checked={withCommon === 'true'}
            onChange={(event) => {
              const next = event.currentTarget.checked ? ('true' as const) : undefined
              void navigate({ search: (before) => ({ ...before, common: next }), replace: true })
            }}
          />
        )}
        {error !== null ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : clients?.length === 0 && !hasNextPage ? (
          <Empty title={t.noHolders}>{t.noHoldersLead}</Empty>
        ) : (
          <AccessMatrix scopes={scopes.map(({ name }) => name)} clients={clients} />
        )}
        {hasNextPage && (
          <Group gap="sm">
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t.moreHolders}
            </Button>
            {clients?.length === 0 && (
              <span role="status" className={classes['dimmed']}>
                {t.noneYet}
              </span>
            )}
          </Group>
        )}
        {clients === undefined && error === null && <span role="status" aria-label={common.loading} />}
      </Section>
      <ApiUsage audience={audience} />
    </Stack>
  )
}
