import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Failure } from '../../shared/failure.tsx'
import { Section, Sheet } from '../../shared/page.tsx'
import { overview as t } from '../../texts/overview.ts'
import { Bars } from './bars.tsx'
import classes from './overview.module.css'
import { type Range, topQuery } from './queries.ts'

interface Props {
  readonly of: 'client' | 'api'
  readonly range: Range
}

/** The clients or APIs with the most tokens. */
export function Top({ of, range }: Props) {
  const { data, error, refetch } = useQuery(topQuery(of, range))
  return (
    <Section title={t.top[of]}>
      <Sheet>
        {error !== null && data === undefined && <Failure error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <Skeleton h={120} />}
        {data?.items.length === 0 && <p className={classes['quiet']}>{t.noTraffic}</p>}
        {data !== undefined && (
          <Bars
            label={t.top[of]}
            bars={data.items.map(({ key, issued }) => ({
              key,
              count: issued,
              name:
                of === 'client' ? (
                  <Link to="/clients/$clientId" params={{ clientId: key }}>
                    {key}
                  </Link>
                ) : (
                  key
                ),
            }))}
          />
        )}
      </Sheet>
    </Section>
  )
}
