import { getRouteApi } from '@tanstack/react-router'
import { Page } from '../../shared/page.tsx'
import { PageTabs } from '../../shared/page-tabs.tsx'
import { lab as t } from '../../texts/lab.ts'
import { ExplainPane } from './explain-pane.tsx'
import { FederationPane } from './federation-pane.tsx'
import { tabs } from './lab-search.ts'
import { RequestPane } from './request-pane.tsx'

const route = getRouteApi('/lab')

const PANES = { request: RequestPane, explain: ExplainPane, federation: FederationPane } as const satisfies Record<
  (typeof tabs)[number],
  React.ComponentType
>

/** Requests and tokens, tried out and explained. */
export function LabPage() {
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <Page title={t.title} lead={t.lead}>
      <PageTabs
        tabs={tabs}
        titles={t.tabs}
        value={tab}
        onChange={(next) => void navigate({ search: (before) => ({ ...before, tab: next }), replace: true })}
      >
        {(one) => {
          const Pane = PANES[one]
          return <Pane />
        }}
      </PageTabs>
    </Page>
  )
}
