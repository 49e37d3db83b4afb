import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Answer, Entry } from '../../../api/types.ts'
import { Copy } from '../../../shared/copy.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { LoadedWords } from '../../../shared/loaded.tsx'
import { Status } from '../../../shared/status.tsx'
import { clientDetail as t } from '../../../texts/client-detail.ts'
import { clients } from '../../../texts/clients.ts'
import { credentialsQuery } from '../queries.ts'
import classes from './detail.module.css'

/** The id of a client with a button that copies it, and its name. */
export const Heading = ({ clientId, name }: { readonly clientId: string; readonly name: string | undefined }) => (
  <span className={classes['heading']}>
    {clientId}
    <Copy value={clientId} of={t.clientId} />
    {name !== undefined && name !== clientId && <small>{name}</small>}
  </span>
)

/** State, owner, manifest and last use of a client, in one line. */
export function Facts({ client }: { readonly client: Answer<'clients.show'> }) {
  const { client_id: id, enabled, owner, tags = [], status } = client
  const credentials = useQuery(credentialsQuery(id))
  const isUnreadable = status.unreadable !== undefined
  return (
    <dl className={classes['facts']}>
      <div>
        <dt>{clients.state}</dt>
        <dd>
          {isUnreadable ? (
            <Status kind="bad">{clients.unreadable}</Status>
          ) : enabled ? (
            <Status kind="good">{clients.enabled}</Status>
          ) : (
            <Status kind="bad" icon="pause">
              {clients.disabled} {status.disabled_at !== undefined && <Instant at={status.disabled_at} />}
            </Status>
          )}
        </dd>
      </div>
      <div>
        <dt>{clients.owner}</dt>
        <dd>
          {owner === undefined ? (
            clients.noOwner
          ) : (
            <Link to="/clients" search={{ owner: [owner] }}>
              {owner}
            </Link>
          )}
        </dd>
      </div>
      {status.manifest !== undefined && (
        <div>
          <dt>{t.manifest}</dt>
          <dd>
            <Link to="/clients" search={{ manifest: status.manifest }}>
              {status.manifest}
            </Link>
          </dd>
        </div>
      )}
      {tags.length > 0 && (
        <div>
          <dt>{clients.tags}</dt>
          <dd>
            {tags.map((tag) => (
              <Link key={tag} to="/clients" search={{ tag }} className={classes['tag']}>
                {tag}
              </Link>
            ))}
          </dd>
        </div>
      )}
      <div>
        <dt>{clients.lastUsed}</dt>
        <dd>
          <LoadedWords query={credentials}>{({ items }) => <Instant at={lastUseOf(items)} />}</LoadedWords>
        </dd>
      </div>
    </dl>
  )
}

const lastUseOf = (credentials: readonly Entry<'credentials.of-client'>[]): string | undefined =>
  credentials
    .flatMap((one) => one.last_used ?? [])
    .sort()
    .at(-1)
