import { Skeleton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Entry } from '../../api/types.ts'
import { Icon } from '../../shared/icon.tsx'
import { Instant } from '../../shared/instant.tsx'
import { Status } from '../../shared/status.tsx'
import { apis as t } from '../../texts/apis.ts'
import classes from './access.module.css'

type ApiClient = Entry<'apis.clients'>
type Held = ApiClient['scopes'][number]

interface Props {
  /** The scopes of the API, in its order. */
  readonly scopes: readonly string[]
  /** Undefined while they are loading. */
  readonly clients: readonly ApiClient[] | undefined
}

/** A row for each client, a column for each scope. Values of dynamic scopes have columns of their own. */
export function AccessMatrix({ scopes, clients }: Props) {
  if (clients === undefined) return <Skeleton h="12rem" />
  const values = clients.flatMap((one) => one.scopes.map(({ name }) => name))
  const columns = [...new Set([...scopes, ...values])]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by keys
    <section className={classes['scroll']} aria-label={t.matrix} tabIndex={0}>
      <table className={classes['matrix']}>
        <thead>
          <tr>
            <th scope="col">{t.client}</th>
            {columns.map((name) => (
              <th key={name} scope="col">
                <code>{name}</code>
              </th>
            ))}
            <th scope="col">{t.lastToken}</th>
          </tr>
        </thead>
        <tbody>
          {clients.map(({ client_id: id, name, enabled, scopes: held, default_scopes: defaults, last_used: used }) => (
            <tr key={id}>
              <th scope="row">
                <Link to="/clients/$clientId" params={{ clientId: id }} search={{ tab: 'permissions' }}>
                  {name ?? id}
                </Link>
                {name !== undefined && <span>{id}</span>}
                {!enabled && <Status kind="warn">{t.disabled}</Status>}
              </th>
              {columns.map((scope) => (
                <td key={scope}>
                  <Cell held={held.find((one) => one.name === scope)} isDefault={defaults.includes(scope)} />
                </td>
              ))}
              <td>
                <Instant at={used} never={t.notLately} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Cell({ held, isDefault }: { readonly held: Held | undefined; readonly isDefault: boolean }) {
  if (held === undefined) return <span className={classes['none']}>{t.notHeld}</span>
  return (
    <div className={classes['held']} data-by={held.given_by}>
      <span>
        <Icon name="check" size={13} /> {t.givers[held.given_by]}
        {isDefault && `, ${t.byDefault}`}
      </span>
      {held.last_used !== undefined && <Instant at={held.last_used} />}
    </div>
  )
}
