import { Link } from '@tanstack/react-router'
import { Copy } from '../../../shared/copy.tsx'
import { shown } from '../../../shared/difference.tsx'
import { type Fact, Facts } from '../../../shared/facts.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { Status } from '../../../shared/status.tsx'
import { audit as t } from '../../../texts/audit.ts'
import { common } from '../../../texts/common.ts'
import type { AuditEvent } from '../queries.ts'
import classes from './event.module.css'
import { actorOf, wayOf } from './words.ts'

const fact = (name: string, value: React.ReactNode): Fact => [name, value]

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

/** When, who, from where, and how it ended. */
export function EventFacts({ event }: { readonly event: AuditEvent }) {
  const { time, result, reason, client_id: client, remote_address: address, request_id: id, trace_id: trace } = event
  const way = wayOf(event)
  const facts = [
    fact(
      t.time,
      <>
        {exact.format(new Date(time))} (<Instant at={time} />)
      </>,
    ),
    fact(
      t.result,
      <Status kind={result === 'refused' ? 'bad' : 'good'}>
        {result === 'refused' ? t.results.refused : t.results.success}
      </Status>,
    ),
    fact(t.reason, reason && <code>{reason}</code>),
    fact(
      t.client,
      client && (
        <Link to="/clients/$clientId" params={{ clientId: client }}>
          {client}
        </Link>
      ),
    ),
    fact(t.actor, actorOf(event) ?? t.nobody),
    fact(t.way, way),
    fact(t.address, address),
    fact(
      t.requestId,
      <>
        <code>{id}</code> <Copy value={id} of={common.requestId} />
      </>,
    ),
    fact(t.trace, trace && <code>{trace}</code>),
    fact(t.number, event.seq),
  ]
  const details = Object.entries(event.detail ?? {})
  return (
    <>
      <Facts facts={facts} />
      {details.length > 0 && (
        <section className={classes['part']}>
          <h2>{t.details}</h2>
          <Facts facts={details.map(([name, value]) => [name.replaceAll('_', ' '), shown(value)])} />
        </section>
      )}
    </>
  )
}
