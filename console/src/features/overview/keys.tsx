import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Failure } from '../../shared/failure.tsx'
import { Instant } from '../../shared/instant.tsx'
import { Section, Sheet } from '../../shared/page.tsx'
import { Status, type StatusKind } from '../../shared/status.tsx'
import { overview as t } from '../../texts/overview.ts'
import classes from './overview.module.css'
import { keysQuery } from './queries.ts'

const KINDS: Readonly<Record<string, StatusKind>> = { active: 'good', revoked: 'bad' }

/** The keys that sign and seal tokens, and their dates. */
export function Keys() {
  const { data, error, refetch } = useQuery(keysQuery)
  return (
    <Section title={t.keys}>
      <Sheet>
        {error !== null && data === undefined && <Failure error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <Skeleton h={80} />}
        {data !== undefined && (
          <div className={classes['scroll']}>
            <table className={classes['rows']}>
              <thead>
                <tr>
                  <th scope="col">{t.algorithm}</th>
                  <th scope="col">{t.state}</th>
                  <th scope="col">{t.activeFrom}</th>
                  <th scope="col">{t.goneAt}</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map(({ kid, algorithm, state = 'unreadable', active_at: activeAt, gone_at: goneAt }) => (
                  <tr key={kid}>
                    <td>{algorithm ?? '–'}</td>
                    <td>
                      <Status kind={KINDS[state] ?? 'quiet'}>{state}</Status>
                    </td>
                    <td>
                      <Instant at={activeAt} never="–" />
                    </td>
                    <td>
                      <Instant at={goneAt} never={t.notPlanned} />
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
