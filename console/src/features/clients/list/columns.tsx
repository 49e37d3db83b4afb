import { Link } from '@tanstack/react-router'
import type { Entry } from '../../../api/types.ts'
import { Instant } from '../../../shared/instant.tsx'
import type { Column } from '../../../shared/list.tsx'
import { Status } from '../../../shared/status.tsx'
import { clients as t } from '../../../texts/clients.ts'
import classes from './list.module.css'

type Client = Entry<'clients.list'>

/** The columns of the list of clients. */
export const columns: readonly Column<Client>[] = [
  {
    id: 'client',
    sort: 'id',
    title: t.client,
    width: 'minmax(8rem, 2.2fr)',
    cell: ({ client_id: id, name }) => (
      <div className={classes['client']}>
        <Link to="/clients/$clientId" params={{ clientId: id }}>
          {id}
        </Link>
        {name !== undefined && name !== id && <span>{name}</span>}
      </div>
    ),
  },
  {
    id: 'state',
    title: t.state,
    width: 'minmax(5.5rem, 0.8fr)',
    cell: ({ enabled = true, unreadable }) => {
      if (unreadable !== undefined) return <Status kind="bad">{t.unreadable}</Status>
      return enabled ? (
        <Status kind="good">{t.enabled}</Status>
      ) : (
        <Status kind="quiet" icon="pause">
          {t.disabled}
        </Status>
      )
    },
  },
  {
    id: 'owner',
    sort: 'owner',
    title: t.owner,
    width: 'minmax(6rem, 1fr)',
    isExtra: true,
    cell: ({ owner }) => owner ?? <span className={classes['none']}>{t.noOwner}</span>,
  },
  {
    id: 'tags',
    title: t.tags,
    width: 'minmax(6rem, 1fr)',
    isExtra: true,
    cell: ({ tags = [] }) => <span className={classes['tags']}>{tags.join(', ')}</span>,
  },
  {
    id: 'proof',
    title: t.proof,
    width: 'minmax(6rem, 1fr)',
    isExtra: true,
    cell: ({ kinds = [] }) => kinds.map((kind) => t.kinds[kind as keyof typeof t.kinds] ?? kind).join(', '),
  },
  {
    id: 'used',
    sort: 'last_used',
    title: t.lastUsed,
    width: 'minmax(5.5rem, 0.8fr)',
    align: 'right',
    cell: ({ last_used: at }) => <Instant at={at} />,
  },
  {
    id: 'expires',
    sort: 'next_expiry',
    title: t.nextExpiry,
    width: 'minmax(5.5rem, 0.8fr)',
    align: 'right',
    isExtra: true,
    cell: ({ next_expiry: at }) => <Instant at={at} never={t.noExpiry} />,
  },
]
