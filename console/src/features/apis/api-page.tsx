import { Alert, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { Failure } from '../../shared/failure.tsx'
import { Icon } from '../../shared/icon.tsx'
import { Page } from '../../shared/page.tsx'
import { PageTabs } from '../../shared/page-tabs.tsx'
import { apis as t } from '../../texts/apis.ts'
import { AccessTab } from './access-tab.tsx'
import { DangerTab } from './danger-tab.tsx'
import { apiQuery } from './queries.ts'
import { ScopesTab } from './scopes-tab.tsx'
import { TokenTab } from './token-tab.tsx'
import { VerifyTab } from './verify-tab.tsx'
import { tabs } from './view.ts'

const route = getRouteApi('/apis/$audience')

/** An API: its scopes, its tokens, how to verify them, its use, and its end. */
export function ApiPage() {
  const { audience } = route.useParams()
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  const may = useMay()
  const { data: tagged, error, refetch } = useQuery(apiQuery(audience))
  const above = { to: '/apis', title: t.title }
  if (error !== null && tagged === undefined)
    return (
      <Page title={audience} above={above}>
        <Failure error={error} onRetry={() => void refetch()} />
      </Page>
    )
  const present = tagged?.data
  const over = { owner: present?.owner }
  const isFixed = present?.manifest !== undefined || present?.unreadable !== undefined
  const mayWrite = may('apis:write', over) && !isFixed
  return (
    <Page title={present?.name ?? audience} lead={present?.name === undefined ? undefined : audience} above={above}>
      {present?.manifest !== undefined && (
        <Alert color="gray" icon={<Icon name="file" />} title={t.ofManifest(present.manifest)}>
          {t.ofManifestLead}
        </Alert>
      )}
      {present?.unreadable !== undefined && (
        <Alert color="brick" title={t.unreadable}>
          {present.unreadable}
        </Alert>
      )}
      <PageTabs
        tabs={tabs}
        titles={t.tabs}
        value={tab}
        onChange={(next) => void navigate({ search: (before) => ({ ...before, tab: next }), replace: true })}
      >
        {(one) => {
          if (tagged === undefined) return <Skeleton h="14rem" />
          switch (one) {
            case 'scopes':
              return <ScopesTab tagged={tagged} mayWrite={mayWrite} />
            case 'token':
              return <TokenTab tagged={tagged} mayWrite={mayWrite} />
            case 'verify':
              return <VerifyTab api={tagged.data} />
            case 'access':
              return <AccessTab api={tagged.data} />
            case 'danger':
              return <DangerTab tagged={tagged} mayDelete={may('apis:delete', over)} />
          }
        }}
      </PageTabs>
    </Page>
  )
}
