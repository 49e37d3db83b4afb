import { Button, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../../api/me.ts'
import type { Entry } from '../../../api/types.ts'
import { CredentialActions } from '../../../shared/credentials/credential-actions.tsx'
import { CredentialDialogs } from '../../../shared/credentials/credential-dialogs.tsx'
import { CredentialStatus } from '../../../shared/credentials/credential-status.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { Empty } from '../../../shared/empty.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { type Column, List } from '../../../shared/list.tsx'
import { Section } from '../../../shared/page.tsx'
import { clientDetail } from '../../../texts/client-detail.ts'
import { clients } from '../../../texts/clients.ts'
import { credentials as t } from '../../../texts/credentials.ts'
import { clientQuery, credentialsQuery } from '../queries.ts'
import { AddDialog } from './add-dialog.tsx'
import classes from './credentials.module.css'
import { FederationTest } from './federation-test.tsx'

type Credential = Entry<'credentials.of-client'>

const columns = (owner: string | undefined): readonly Column<Credential>[] => [
  {
    id: 'label',
    title: t.label,
    width: 'minmax(5rem, 1.6fr)',
    cell: ({ label, kind = '', hint }) => (
      <div className={classes['label']}>
        <b>{label === '' ? t.unlabelled : label}</b>
        <span>
          {clients.kinds[kind as keyof typeof clients.kinds] ?? kind}
          {hint !== undefined && hint !== '' && <code> {kind === 'secret' ? `…${hint}` : hint}</code>}
        </span>
      </div>
    ),
  },
  {
    id: 'status',
    title: clients.state,
    width: 'minmax(6.75rem, 1fr)',
    cell: ({ status }) => <CredentialStatus status={status} />,
  },
  {
    id: 'created',
    title: t.created,
    width: 'minmax(6rem, 0.8fr)',
    align: 'right',
    isExtra: true,
    cell: ({ created }) => <Instant at={created} />,
  },
  {
    id: 'used',
    title: clients.lastUsed,
    width: 'minmax(6rem, 0.8fr)',
    align: 'right',
    isExtra: true,
    cell: ({ last_used: at }) => <Instant at={at} />,
  },
  {
    id: 'expires',
    title: t.expires,
    width: 'minmax(4.5rem, 0.8fr)',
    align: 'right',
    cell: ({ expires }) => <Instant at={expires} never={t.noExpiry} />,
  },
  {
    id: 'actions',
    title: t.actionsTitle,
    isTitleHidden: true,
    width: 'minmax(2rem, 6rem)',
    align: 'right',
    cell: (credential) => <CredentialActions credential={credential} owner={owner} />,
  },
]

/** The credentials of a client: their lives, and everything that can be done to them. */
export function CredentialsTab({ clientId }: { readonly clientId: string }) {
  const may = useMay()
  const add = useDialog('add-credential')
  const { data: client } = useQuery(clientQuery(clientId))
  const { data, error, refetch } = useQuery(credentialsQuery(clientId))
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  const owner = client?.data.owner
  const mayAdd = may('credentials:write', { owner })
  const addButton = mayAdd && (
    <Button leftSection={<Icon name="plus" />} onClick={() => add.open()}>
      {t.add}
    </Button>
  )
  const isFederated = data?.items.some(({ kind }) => kind === 'federated')
  return (
    <Stack gap="xl">
      <Section title={clientDetail.tabs.credentials} actions={data?.items.length !== 0 && addButton}>
        <List
          label={clientDetail.tabs.credentials}
          columns={columns(owner)}
          rows={data?.items}
          keyOf={(credential) => credential.id}
          empty={
            <Empty title={clientDetail.noCredentials} action={addButton}>
              {clientDetail.noCredentialsLead}
            </Empty>
          }
        />
      </Section>
      {isFederated === true && <FederationTest clientId={clientId} />}
      <CredentialDialogs over={{ owner }} />
      {mayAdd && <AddDialog clientId={clientId} />}
    </Stack>
  )
}
