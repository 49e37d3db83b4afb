import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Failure } from '../../shared/failure.tsx'
import { Instant } from '../../shared/instant.tsx'
import { Section, Sheet } from '../../shared/page.tsx'
import { overview as t } from '../../texts/overview.ts'
import classes from './overview.module.css'
import { expiringQuery } from './queries.ts'

/** The credentials that expire within thirty days, the first ones first. */
export function Expiring() {
  const { data, error, refetch } = useQuery(expiringQuery)
  return (
    <Section title={t.expiring}>
      <Sheet>
        {error !== null && data === undefined && <Failure error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <Skeleton h={80} />}
        {data?.items.length === 0 && <p className={classes['quiet']}>{t.noneExpiring}</p>}
        {data !== undefined && data.items.length > 0 && (
          <div className={classes['scroll']}>
            <table className={classes['rows']}>
              <thead>
                <tr>
                  <th scope="col">{t.client}</th>
                  <th scope="col">{t.credential}</th>
                  <th scope="col">{t.expires}</th>
                  <th scope="col">{t.lastUsed}</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map(({ id, client_id: clientId = '', label, kind, expires, last_used: lastUsed }) => (
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
              </tbody>
            </table>
          </div>
        )}
      </Sheet>
    </Section>
  )
}
