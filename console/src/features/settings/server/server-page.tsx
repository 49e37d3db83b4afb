import { useQuery } from '@tanstack/react-query'
import type { Answer } from '../../../api/types.ts'
import { serverQuery } from '../../../shared/addresses.ts'
import { Code } from '../../../shared/code.tsx'
import { Facts } from '../../../shared/facts.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { Nodes } from '../../../shared/nodes.tsx'
import { Page, Section, Sheet } from '../../../shared/page.tsx'
import { Status } from '../../../shared/status.tsx'
import { settings } from '../../../texts/settings.ts'
import { Copied } from '../copied.tsx'
import { healthQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { Configuration } from './configuration.tsx'

const t = settings.server

type Server = Answer<'server.show'>

/** The server itself: its addresses, its nodes and its configuration. */
export function ServerPage() {
  const server = useQuery(serverQuery)
  return (
    <Page title={settings.pages.server} lead={t.lead}>
      <Loaded query={server} height="32rem">
        {(data) => (
          <>
            <Sheet>
              <Facts
                facts={[
                  [
                    t.issuer,
                    <Copied key="issuer" of={t.issuer}>
                      {data.issuer}
                    </Copied>,
                  ],
                  [t.version, data.version],
                  [t.health, <Health key="health" />],
                ]}
              />
            </Sheet>
            <Endpoints endpoints={data.endpoints} />
            <Section title={t.metadata} lead={t.metadataLead}>
              <details className={classes['details']}>
                <summary>{t.showMetadata}</summary>
                <Code of={t.theMetadata}>{JSON.stringify(data.metadata, null, 2)}</Code>
              </details>
            </Section>
          </>
        )}
      </Loaded>
      <Nodes />
      <Configuration />
    </Page>
  )
}

function Health() {
  const { data, error } = useQuery(healthQuery)
  if (data === undefined) return error === null ? '…' : <Status kind="bad">{error.message}</Status>
  if (data.status === 'ok') return <Status kind="good">{t.healthy}</Status>
  return (
    <>
      <Status kind="bad">{t.unhealthy}</Status>
      {data.reasons?.map((reason) => (
        <div key={reason}>{reason}</div>
      ))}
    </>
  )
}

const Endpoints = ({ endpoints }: Pick<Server, 'endpoints'>) => (
  <Section title={t.endpoints} lead={t.endpointsLead}>
    <Sheet flush>
      <table className={classes['table']} data-headless aria-label={t.endpoints}>
        <tbody>
          {Object.entries(endpoints).map(([name, addresses]) => (
            <tr key={name}>
              <th scope="row">{t.endpointNames[name] ?? name}</th>
              <td>
                {addresses.map((address) => (
                  <Copied key={address} of={t.theAddress(t.endpointNames[name] ?? name)}>
                    {address}
                  </Copied>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  </Section>
)
