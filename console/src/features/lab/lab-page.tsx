import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { Page } from '../../shared/page.tsx'
import { lab as t } from '../../texts/lab.ts'
import { ExplainPane } from './explain-pane.tsx'
import { FederationPane } from './federation-pane.tsx'
import { tabs } from './lab-search.ts'
import { RequestPane } from './request-pane.tsx'

const route = getRouteApi('/lab')

/** Requests and tokens, tried out and explained. */
export function LabPage() {
  const { tab = 'request' } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <Page title={t.title} lead={t.lead}>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) =>
          void navigate({
            search: (before) => ({ ...before, tab: tabs.find((one) => one === next && one !== 'request') }),
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
        <Tabs.Panel value="request">
          <RequestPane />
        </Tabs.Panel>
        <Tabs.Panel value="explain">
          <ExplainPane />
        </Tabs.Panel>
        <Tabs.Panel value="federation">
          <FederationPane />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
