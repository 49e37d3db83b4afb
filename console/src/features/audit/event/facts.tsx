import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import { Copy } from '../../../shared/copy.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { Status } from '../../../shared/status.tsx'
import { audit as t } from '../../../texts/audit.ts'
import { common } from '../../../texts/common.ts'
import type { AuditEvent } from '../queries.ts'
import classes from './event.module.css'
import { actorOf, wayOf } from './words.ts'

type Fact = readonly [name: string, value: React.ReactNode]
const fact = (name: string, value: React.ReactNode): Fact => [name, value]

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

/** When, who, from where, and how it ended. */
export function Facts({ event }: { readonly event: AuditEvent }) {
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
      <List facts={facts.filter(([, value]) => value !== undefined)} />
      {details.length > 0 && (
        <section className={classes['part']}>
          <h2>{t.details}</h2>
          <List facts={details.map(([name, value]) => [name.replaceAll('_', ' '), shown(value)])} />
        </section>
      )}
    </>
  )
}

const List = ({ facts }: { readonly facts: readonly Fact[] }) => (
  <dl className={classes['facts']}>
    {facts.map(([name, value]) => (
      <Fragment key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </Fragment>
    ))}
  </dl>
)

function shown(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
