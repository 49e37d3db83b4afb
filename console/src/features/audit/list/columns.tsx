import { Link } from '@tanstack/react-router'
import { Instant } from '../../../shared/instant.tsx'
import type { Column } from '../../../shared/list.tsx'
import { Status } from '../../../shared/status.tsx'
import { audit as t } from '../../../texts/audit.ts'
import { actorOf, isExplained, linkOf, subjectOf, titleOf, wayOf } from '../event/words.ts'
import type { AuditEvent } from '../queries.ts'
import classes from './list.module.css'

const Quiet = ({ children }: { readonly children: React.ReactNode }) => (
  <span className={classes['quiet']}>{children}</span>
)

/** The reason of a refusal. It leads to the explanation, if there is one. */
function Reason({ event }: { readonly event: AuditEvent }) {
  const { reason = t.results.refused, request_id: id, detail } = event
  const times = detail?.['repeated']
  return (
    <Status kind="bad">
      {isExplained(event) ? (
        <Link to="." search={(before) => ({ ...before, why: id })} resetScroll={false} className={classes['reason']}>
          {reason}
        </Link>
      ) : (
        reason
      )}
      {typeof times === 'number' && <Quiet>{t.repeated(times)}</Quiet>}
    </Status>
  )
}

/** The columns of the audit log. */
export const columns: readonly Column<AuditEvent>[] = [
  {
    id: 'time',
    title: t.columnTime,
    width: 'minmax(5rem, 0.7fr)',
    cell: ({ time }) => (
      <span className={classes['above']}>
        <Instant at={time} />
      </span>
    ),
  },
  {
    id: 'event',
    title: t.event,
    width: 'minmax(7rem, 1.4fr)',
    cell: (event) => (
      <div className={classes['event']}>
        <Link
          to="."
          search={(before) => ({ ...before, dialog: linkOf(event) })}
          resetScroll={false}
          className={classes['open']}
        >
          {titleOf(event)}
        </Link>
        <span>{subjectOf(event)}</span>
      </div>
    ),
  },
  {
    id: 'result',
    title: t.result,
    width: 'minmax(5.5rem, 1.1fr)',
    cell: (event) => (event.result === 'refused' ? <Reason event={event} /> : <Quiet>{t.results.success}</Quiet>),
  },
  {
    id: 'actor',
    title: t.columnActor,
    width: 'minmax(8rem, 1.1fr)',
    isExtra: true,
    cell: (event) => {
      const actor = actorOf(event)
      if (actor === undefined) return <Quiet>{event.client_id === undefined ? '' : t.nobody}</Quiet>
      return (
        <div className={classes['event']}>
          {actor}
          {event.actor?.kind !== 'system' && <span>{wayOf(event)}</span>}
        </div>
      )
    },
  },
  {
    id: 'address',
    title: t.address,
    width: 'minmax(7rem, 0.7fr)',
    isExtra: true,
    cell: ({ remote_address: address }) => <Quiet>{address}</Quiet>,
  },
]
