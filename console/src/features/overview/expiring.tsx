import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Instant } from '../../shared/instant.tsx'
import { overview as t } from '../../texts/overview.ts'
import { Panel, Rows } from './panel.tsx'
import { expiringQuery } from './queries.ts'

/** The credentials that expire within thirty days, the first ones first. */
export function Expiring() {
  const query = useQuery(expiringQuery)
  return (
    <Panel title={t.expiring} query={query} height="5rem" nothing={({ items }) => items.length === 0 && t.noneExpiring}>
      {({ items }) => (
        <Rows label={t.expiring} heads={[t.client, t.credential, t.expires, t.lastUsed]}>
          {items.map(({ id, client_id: clientId = '', label, kind, expires, last_used: lastUsed }) => (
            <tr key={id}>
              <td>
                <Link to="/clients/$clientId" params={{ clientId }}>
                  {clientId}
                </Link>
              </td>
              <td>{label ?? kind}</td>
              <td>
                <Instant at={expires} />
              </td>
              <td>
                <Instant at={lastUsed} />
              </td>
            </tr>
          ))}
        </Rows>
      )}
    </Panel>
  )
}
