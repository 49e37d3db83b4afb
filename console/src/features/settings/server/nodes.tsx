import { useQuery } from '@tanstack/react-query'
import type { Entry } from '../../../api/types.ts'
import { Instant } from '../../../shared/instant.tsx'
import { Section, Sheet } from '../../../shared/page.tsx'
import { Status } from '../../../shared/status.tsx'
import { settings } from '../../../texts/settings.ts'
import { Loaded } from '../loaded.tsx'
import { nodesQuery } from '../queries.ts'
import classes from '../settings.module.css'

const t = settings.server

/** The servers that share the database, and whether they run the same. */
export function Nodes() {
  const nodes = useQuery(nodesQuery)
  return (
    <Section title={t.nodes} lead={t.nodesLead}>
      <Loaded query={nodes} height="5rem">
        {({ items }) => (
          <Sheet flush>
            <table className={classes['table']} aria-label={t.nodes}>
              <thead>
                <tr>
                  <th scope="col">{t.node}</th>
                  <th scope="col">{t.state}</th>
                  <th scope="col">{t.version}</th>
                  <th scope="col" data-extra>
                    {t.configuration}
                  </th>
                  <th scope="col" data-extra>
                    {t.workers}
                  </th>
                  <th scope="col" data-extra>
                    {t.started}
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((node) => (
                  <Node key={node.id} node={node} here={items.find((one) => one.is_this) ?? node} />
                ))}
              </tbody>
            </table>
          </Sheet>
        )}
      </Loaded>
    </Section>
  )
}

type NodeEntry = Entry<'nodes.list'>

/** @param here the node that answers, with which the others are compared */
function Node({ node, here }: { readonly node: NodeEntry; readonly here: NodeEntry }) {
  const { host, status, version, config_digest: digest, workers, started_at: started, last_seen_at: seen } = node
  return (
    <tr>
      <th scope="row">
        {host} {node.is_this && <span className={classes['quiet']}>{t.thisOne}</span>}
      </th>
      <td>
        <Status kind={status === 'ok' ? 'good' : status === 'stale' ? 'warn' : 'bad'}>{t.states[status]}</Status>
        {status !== 'ok' && (
          <div className={classes['quiet']}>
            {t.seen} <Instant at={seen} />
          </div>
        )}
      </td>
      <td>
        {version} {version !== here.version && <Status kind="warn">{t.differs}</Status>}
      </td>
      <td data-extra>
        <code>{digest.slice(0, 8)}</code> {digest !== here.config_digest && <Status kind="warn">{t.differs}</Status>}
      </td>
      <td data-extra className="tabular">
        {workers}
      </td>
      <td data-extra>
        <Instant at={started} />
      </td>
    </tr>
  )
}
