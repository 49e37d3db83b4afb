import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Entry } from '../../api/types.ts'
import { Failure } from '../../shared/failure.tsx'
import { Instant } from '../../shared/instant.tsx'
import { Section, Sheet } from '../../shared/page.tsx'
import { Status } from '../../shared/status.tsx'
import { overview as t } from '../../texts/overview.ts'
import classes from './overview.module.css'
import { nodesQuery } from './queries.ts'

type Node = Entry<'nodes.list'>

/** The servers that share the database: version, configuration, lag, load. */
export function Nodes() {
  const { data, error, refetch } = useQuery(nodesQuery)
  return (
    <Section title={t.nodes}>
      <Sheet>
        {error !== null && data === undefined && <Failure error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <Skeleton h={60} />}
        {data !== undefined && (
          <div className={classes['scroll']}>
            <table className={classes['rows']}>
              <thead>
                <tr>
                  <th scope="col">{t.host}</th>
                  <th scope="col">{t.state}</th>
                  <th scope="col">{t.version}</th>
                  <th scope="col">{t.configuration}</th>
                  <th scope="col">{t.started}</th>
                  <th scope="col" data-number>
                    {t.lag}
                  </th>
                  <th scope="col" data-number>
                    {t.perMinute}
                  </th>
                  <th scope="col" data-number>
                    {t.percentiles}
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((node) => (
                  <Row key={node.id} node={node} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Sheet>
    </Section>
  )
}

function Row({ node }: { readonly node: Node }) {
  const {
    host,
    status,
    version,
    config_digest: digest,
    started_at: started,
    change_lag_ms: lag,
    requests,
    is_this: isThis,
  } = node
  const latency = requests?.latency_ms
  return (
    <tr>
      <td>
        {host} {isThis && <span className={classes['quiet']}>{t.thisOne}</span>}
      </td>
      <td>
        <Status kind={status === 'ok' ? 'good' : status === 'stale' ? 'warn' : 'bad'}>{t.statuses[status]}</Status>
      </td>
      <td>{version}</td>
      <td>
        <code>{digest.slice(0, 8)}</code>
      </td>
      <td>
        <Instant at={started} />
      </td>
      <td data-number>{t.milliseconds(lag ?? 0)}</td>
      <td data-number>{requests?.per_minute ?? '–'}</td>
      <td data-number>{latency == null ? '–' : `${latency.p50} / ${latency.p95} / ${latency.p99}`}</td>
    </tr>
  )
}
