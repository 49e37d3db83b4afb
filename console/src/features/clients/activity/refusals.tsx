import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Entry } from '../../../api/types.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { Sheet } from '../../../shared/page.tsx'
import { WhyLink } from '../../../shared/why/why-link.tsx'
import { clientActivity as t } from '../../../texts/client-activity.ts'
import classes from './activity.module.css'
import { refusalsQuery } from './queries.ts'

const textIn = (event: Entry<'audit.list'>, name: string): string =>
  typeof event[name] === 'string' ? (event[name] as string) : ''

/** The last refused requests of a client. Each leads to its explanation. */
export function Refusals({ clientId }: { readonly clientId: string }) {
  const { data, error, refetch } = useQuery(refusalsQuery(clientId))
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton h="8rem" />
  if (data.items.length === 0) return <p className={classes['none']}>{t.noRefusals}</p>
  return (
    <Sheet flush>
      <ul className={classes['refusals']}>
        {data.items.map((event) => (
          <li key={event.seq}>
            <span className={classes['reason']}>
              <WhyLink request={event.request_id}>{textIn(event, 'reason').replaceAll('_', ' ')}</WhyLink>
            </span>
            <span className={classes['from']}>{textIn(event, 'remote_address')}</span>
            <Instant at={event.time} />
          </li>
        ))}
      </ul>
    </Sheet>
  )
}
