import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, read } from '../api/client.ts'
import type { Entry } from '../api/types.ts'
import { nodes as t } from '../texts/nodes.ts'
import { Instant } from './instant.tsx'
import { Loaded } from './loaded.tsx'
import classes from './nodes.module.css'
import { Section, Sheet } from './page.tsx'
import { Scroll } from './scroll.tsx'
import { Status, type StatusKind } from './status.tsx'

type Node = Entry<'nodes.list'>

/** Servers write their state every ten seconds. */
const EVERY_MS = 10_000

export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: () => read(api.GET('/api/v1/nodes')),
  refetchInterval: EVERY_MS,
})

const KINDS: Readonly<Record<Node['status'], StatusKind>> = { ok: 'good', stale: 'warn', unavailable: 'bad' }

/** The servers that share the database: state, version, configuration, lag and load. */
export function Nodes() {
  const query = useQuery(nodesQuery)
  return (
    <Section title={t.title} lead={t.lead}>
      <Loaded query={query} height="5rem">
        {({ items }) => (
          <Sheet>
            <Scroll label={t.title}>
              <table className={classes['nodes']}>
                <thead>
                  <tr>
                    <th scope="col">{t.host}</th>
                    <th scope="col">{t.state}</th>
                    <th scope="col">{t.version}</th>
                    <th scope="col">{t.configuration}</th>
                    <th scope="col">{t.started}</th>
                    <th scope="col" data-number>
                      {t.workers}
                    </th>
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
                  {items.map((node) => (
                    <NodeRow key={node.id} node={node} here={items.find((one) => one.is_this) ?? node} />
                  ))}
                </tbody>
              </table>
            </Scroll>
          </Sheet>
        )}
      </Loaded>
    </Section>
  )
}

/** @param here the server that answers, with which the others are compared */
function NodeRow({ node, here }: { readonly node: Node; readonly here: Node }) {
  const { host, status, version, config_digest: digest, started_at: started, last_seen_at: seen, requests } = node
  const { latency_ms: latency } = requests
  return (
    <tr>
      <th scope="row">
        {host} {node.is_this && <span className={classes['quiet']}>{t.thisOne}</span>}
      </th>
      <td>
        <Status kind={KINDS[status]}>{t.states[status]}</Status>
        {status !== 'ok' && (
          <div className={classes['quiet']}>
            {t.seen} <Instant at={seen} />
          </div>
        )}
      </td>
      <td>
        {version} {version !== here.version && <Status kind="warn">{t.differs}</Status>}
      </td>
      <td>
        <code>{digest.slice(0, 8)}</code> {digest !== here.config_digest && <Status kind="warn">{t.differs}</Status>}
      </td>
      <td>
        <Instant at={started} />
      </td>
      <td data-number>{node.workers}</td>
      <td data-number>{t.milliseconds(node.change_lag_ms)}</td>
      <td data-number>{requests.per_minute.toLocaleString('en')}</td>
      <td data-number>{latency === undefined ? '–' : `${latency.p50} / ${latency.p95} / ${latency.p99}`}</td>
    </tr>
  )
}
