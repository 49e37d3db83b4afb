import { Alert, Skeleton, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { Failure } from '../../shared/failure.tsx'
import { Icon } from '../../shared/icon.tsx'
import { Page } from '../../shared/page.tsx'
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
  const { tab = 'scopes' } = route.useSearch()
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
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) =>
          void navigate({
            search: (before) => ({ ...before, tab: tabs.find((one) => one === next && one !== 'scopes') }),
            replace: true,
          })
        }
      >
        <Tabs.List mb="lg">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t.tabs[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tagged === undefined ? (
          <Skeleton h="14rem" />
        ) : (
          <>
            <Tabs.Panel value="scopes">
              <ScopesTab tagged={tagged} mayWrite={mayWrite} />
            </Tabs.Panel>
            <Tabs.Panel value="token">
              <TokenTab tagged={tagged} mayWrite={mayWrite} />
            </Tabs.Panel>
            <Tabs.Panel value="verify">
              <VerifyTab api={tagged.data} />
            </Tabs.Panel>
            <Tabs.Panel value="access">
              <AccessTab api={tagged.data} />
            </Tabs.Panel>
            <Tabs.Panel value="danger">
              <DangerTab tagged={tagged} mayDelete={may('apis:delete', over)} />
            </Tabs.Panel>
          </>
        )}
      </Tabs>
    </Page>
  )
}
