import { Instant } from '../../../shared/instant.tsx'
import type { Column } from '../../../shared/list.tsx'
import { Status } from '../../../shared/status.tsx'
import { administrators as t } from '../../../texts/administrators.ts'
import { common } from '../../../texts/common.ts'
import classes from '../settings.module.css'
import { AccountActions } from './account-actions.tsx'
import { type Account, isLastAdmin } from './roles.ts'

interface Options {
  /** The name of the person who looks. */
  readonly me: string
  /** All accounts; empty if not all are known. */
  readonly accounts: readonly Account[]
  readonly canChange: boolean
}

/** The columns of the list of accounts. */
export const columnsFor = ({ me, accounts, canChange }: Options): readonly Column<Account>[] => [
  {
    id: 'person',
    title: t.person,
    width: 'minmax(5.5rem, 1.6fr)',
    cell: ({ name, display_name: displayName }) => (
      <>
        <b>{displayName ?? name}</b>
        {name === me && <span className={classes['quiet']}> {t.you}</span>}
        {displayName != null && <div className={classes['quiet']}>{name}</div>}
      </>
    ),
  },
  {
    id: 'roles',
    title: t.roles,
    width: 'minmax(4.25rem, 1fr)',
    cell: ({ roles }) => roles.map((role) => t.roleNames[role]).join(', '),
  },
  {
    id: 'state',
    title: t.state,
    width: 'minmax(5.25rem, 1fr)',
    cell: (account) => <State account={account} />,
  },
  {
    id: 'factor',
    title: t.secondFactor,
    width: 'minmax(6rem, 0.7fr)',
    isExtra: true,
    cell: ({ second_factor: isOn }) =>
      isOn ? (
        <Status kind="good" icon="shield">
          {t.hasFactor}
        </Status>
      ) : (
        <span className={classes['quiet']}>{t.noFactor}</span>
      ),
  },
  {
    id: 'added',
    title: t.added,
    width: 'minmax(6rem, 0.7fr)',
    isExtra: true,
    cell: ({ created_at: at }) => <Instant at={at} />,
  },
  ...(canChange
    ? [
        {
          id: 'actions',
          title: common.actions,
          isTitleHidden: true,
          width: '1.75rem',
          align: 'right' as const,
          cell: (account: Account) => <AccountActions account={account} isLast={isLastAdmin(account, accounts)} />,
        },
      ]
    : []),
]

function State({ account: { enabled, has_password: hasPassword } }: { readonly account: Account }) {
  if (!enabled) return <Status kind="bad">{t.disabled}</Status>
  return hasPassword ? <Status kind="good">{t.enabled}</Status> : <Status kind="warn">{t.invited}</Status>
}
