import { Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { isMissing } from '../../../api/problem.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Page } from '../../../shared/page.tsx'
import { PageTabs } from '../../../shared/page-tabs.tsx'
import { clientDetail as t } from '../../../texts/client-detail.ts'
import { clients } from '../../../texts/clients.ts'
import { clientQuery } from '../queries.ts'
import { Facts, Heading } from './facts.tsx'
import { Unreadable } from './unreadable.tsx'
import { tabs } from './view.ts'

const SettingsTab = lazy(async () => ({ default: (await import('../settings/settings-tab.tsx')).SettingsTab }))
const PermissionsTab = lazy(async () => ({
  default: (await import('../permissions/permissions-tab.tsx')).PermissionsTab,
}))
const CredentialsTab = lazy(async () => ({
  default: (await import('../credentials/credentials-tab.tsx')).CredentialsTab,
}))
const ActivityTab = lazy(async () => ({ default: (await import('../activity/activity-tab.tsx')).ActivityTab }))
const DangerTab = lazy(async () => ({ default: (await import('../danger/danger-tab.tsx')).DangerTab }))

const route = getRouteApi('/clients/$clientId')
const above = { to: '/clients', title: clients.title } as const

/** One client: its facts, and a tab for each thing to do with it. */
export function ClientPage() {
  const { clientId } = route.useParams()
  const { data: tagged, error, refetch } = useQuery(clientQuery(clientId))
  if (isMissing(error))
    return (
      <Page title={clientId} above={above}>
        <Empty title={t.missing(clientId)} action={<Link to="/clients">{t.allClients}</Link>}>
          {t.missingLead}
        </Empty>
      </Page>
    )
  if (error !== null && tagged === undefined)
    return (
      <Page title={clientId} above={above}>
        <Failure error={error} onRetry={() => void refetch()} />
      </Page>
    )
  const client = tagged?.data
  return (
    <Page
      title={clientId}
      heading={<Heading clientId={clientId} name={client?.name} />}
      lead={client?.description}
      above={above}
    >
      {client === undefined ? <Skeleton h="1.4rem" w="24rem" maw="100%" /> : <Facts client={client} />}
      {client?.status.unreadable === undefined ? (
        <ClientTabs key={clientId} clientId={clientId} />
      ) : (
        <Unreadable reason={client.status.unreadable}>
          <Suspense fallback={<Waiting />}>
            <DangerTab clientId={clientId} />
          </Suspense>
        </Unreadable>
      )}
    </Page>
  )
}

function ClientTabs({ clientId }: { readonly clientId: string }) {
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <PageTabs
      tabs={tabs}
      titles={t.tabs}
      value={tab}
      onChange={(next) => void navigate({ search: { tab: next }, replace: true, resetScroll: false })}
    >
      {(one) => (
        <Suspense fallback={<Waiting />}>
          <Content tab={one} clientId={clientId} />
        </Suspense>
      )}
    </PageTabs>
  )
}

const CONTENTS = {
  settings: SettingsTab,
  permissions: PermissionsTab,
  credentials: CredentialsTab,
  activity: ActivityTab,
  danger: DangerTab,
} as const satisfies Record<(typeof tabs)[number], React.ComponentType<{ readonly clientId: string }>>

function Content({ tab, clientId }: { readonly tab: (typeof tabs)[number]; readonly clientId: string }) {
  const Tab = CONTENTS[tab]
  return <Tab clientId={clientId} />
}

const Waiting = () => (
  <Stack aria-busy="true">
    <Skeleton h="2.25rem" />
    <Skeleton h="12rem" />
  </Stack>
)
