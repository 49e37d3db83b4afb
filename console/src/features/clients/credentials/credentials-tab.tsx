import { useQuery } from '@tanstack/react-query'
import type { Entry } from '../../../api/types.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { type Column, List } from '../../../shared/list.tsx'
import { Status } from '../../../shared/status.tsx'
import { clientDetail as t } from '../../../texts/client-detail.ts'
import { clients } from '../../../texts/clients.ts'
import { credentialsQuery } from '../queries.ts'

type Credential = Entry<'credentials.of-client'>

const columns: readonly Column<Credential>[] = [
  { id: 'label', title: t.label, width: 'minmax(7rem, 1.5fr)', cell: ({ label }) => label },
  {
    id: 'kind',
    title: clients.proof,
    width: 'minmax(6rem, 1fr)',
    cell: ({ kind = '' }) => clients.kinds[kind as keyof typeof clients.kinds] ?? kind,
  },
  {
    id: 'status',
    title: clients.state,
    width: 'minmax(6rem, 1fr)',
    cell: ({ status }) => <Status kind={status === 'active' ? 'good' : 'quiet'}>{status}</Status>,
  },
  {
    id: 'used',
    title: clients.lastUsed,
    width: 'minmax(5.5rem, 0.8fr)',
    align: 'right',
    cell: ({ last_used: at }) => <Instant at={at} />,
  },
]

/** The credentials of a client. */
export function CredentialsTab({ clientId }: { readonly clientId: string }) {
  const { data, error, refetch } = useQuery(credentialsQuery(clientId))
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  return (
    <List
      label={t.tabs.credentials}
      columns={columns}
      rows={data?.items}
      keyOf={(credential) => credential.id}
      empty={<Empty title={t.noCredentials}>{t.noCredentialsLead}</Empty>}
    />
  )
}
