import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Entry } from '../../api/types.ts'
import { CredentialActions } from '../../shared/credentials/credential-actions.tsx'
import { CredentialStatus } from '../../shared/credentials/credential-status.tsx'
import { Instant } from '../../shared/instant.tsx'
import type { Column } from '../../shared/list.tsx'
import { LoadedWords } from '../../shared/loaded.tsx'
import { useNow } from '../../shared/now.ts'
import { Status } from '../../shared/status.tsx'
import { clients } from '../../texts/clients.ts'
import { credentials } from '../../texts/credentials.ts'
import { rotation as t } from '../../texts/rotation.ts'
import { siblingsQuery } from './queries.ts'
import classes from './rotation.module.css'

type Credential = Entry<'credentials.list'>

/** The columns of the board. */
export const columns: readonly Column<Credential>[] = [
  {
    id: 'client',
    title: clients.client,
    width: 'minmax(5rem, 1.8fr)',
    cell: ({ client_id: clientId = '', label = '', kind = '', hint }) => (
      <div className={classes['client']}>
        <Link to="/clients/$clientId" params={{ clientId }}>
          {clientId}
        </Link>
        <span>
          {label === '' ? (clients.kinds[kind as keyof typeof clients.kinds] ?? kind) : label}
          {hint !== undefined && hint !== '' && <code> {kind === 'secret' ? `…${hint}` : hint}</code>}
        </span>
      </div>
    ),
  },
  {
    id: 'owner',
    title: clients.owner,
    width: 'minmax(6rem, 1fr)',
    isExtra: true,
    cell: ({ owner }) => owner ?? <Status kind="warn">{t.nobody}</Status>,
  },
  {
    id: 'status',
    title: clients.state,
    width: 'minmax(6.75rem, 1fr)',
    cell: ({ status }) => <CredentialStatus status={status} />,
  },
  {
    id: 'expires',
    title: credentials.expires,
    width: 'minmax(4.5rem, 0.9fr)',
    align: 'right',
    cell: (credential) => <Expiry credential={credential} />,
  },
  {
    id: 'used',
    title: clients.lastUsed,
    width: 'minmax(6rem, 0.9fr)',
    align: 'right',
    isExtra: true,
    cell: ({ last_used: at }) => <Instant at={at} />,
  },
  {
    id: 'next',
    title: t.successor,
    width: 'minmax(7rem, 1fr)',
    align: 'right',
    isExtra: true,
    cell: (credential) => <Successor credential={credential} />,
  },
  {
    id: 'actions',
    title: credentials.actionsTitle,
    isTitleHidden: true,
    width: 'minmax(2rem, 6rem)',
    align: 'right',
    cell: (credential) => <CredentialActions credential={credential} owner={credential.owner} />,
  },
]

const SOON_MS = 7 * 86_400_000

function Expiry({ credential: { expires, status } }: { readonly credential: Credential }) {
  const now = useNow()
  const isSoon = status === 'active' && expires !== undefined && Date.parse(expires) - now < SOON_MS
  return (
    <span className={isSoon ? classes['soon'] : undefined}>
      <Instant at={expires} never={credentials.noExpiry} />
    </span>
  )
}

/** The last use of the successor, where there is one. The two uses side by side say whether the old one can go. */
function Successor({ credential: { id, client_id: client = '', status } }: { readonly credential: Credential }) {
  const isReplaced = status === 'replaced' || status === 'safe to delete'
  const query = useQuery({ ...siblingsQuery(client), enabled: isReplaced })
  const none = <span className={classes['none']}>{t.none}</span>
  if (!isReplaced) return none
  return (
    <LoadedWords query={query}>
      {({ items }) => {
        const successor = items.find((one) => one.replaces === id)
        return successor === undefined ? none : <Instant at={successor.last_used} never={t.notUsedYet} />
      }}
    </LoadedWords>
  )
}
