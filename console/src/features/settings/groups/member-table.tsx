import { ActionIcon, Checkbox } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Icon } from '../../../shared/icon.tsx'
import { groups as t } from '../../../texts/groups.ts'
import settings from '../settings.module.css'
import classes from './groups.module.css'
import { groupPermissions, type Member, memberName } from './members.ts'

interface Props {
  readonly members: readonly Member[]
  readonly canChange: boolean
  readonly onChange: (member: Member) => void
  readonly onRemove: (member: Member) => void
}

/** A row a member, and a column for each thing that it may do with what the group owns. */
export function MemberTable({ members, canChange, onChange, onRemove }: Props) {
  if (members.length === 0) return <p className={classes['nobody']}>{t.noMembers}</p>
  return (
    <div className={settings['scroll']}>
      <table className={`${settings['table']} ${classes['members']}`} aria-label={t.members}>
        <thead>
          <tr>
            <th scope="col">{t.member}</th>
            {groupPermissions.map((one) => (
              <th key={one} scope="col" data-mark>
                {t.permissions[one]}
              </th>
            ))}
            {canChange && <td />}
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={memberName(member)}>
              <th scope="row">
                <Name member={member} />
              </th>
              {groupPermissions.map((one) => {
                const isOn = member.permissions.includes(one)
                const permissions = isOn
                  ? member.permissions.filter((other) => other !== one)
                  : [...member.permissions, one]
                return (
                  <td key={one} data-mark>
                    <Checkbox
                      aria-label={t.permissionsOf(memberName(member), one)}
                      checked={isOn}
                      disabled={!canChange}
                      onChange={() => onChange({ ...member, permissions })}
                    />
                  </td>
                )
              })}
              {canChange && (
                <td data-mark>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={t.remove(memberName(member))}
                    onClick={() => onRemove(member)}
                  >
                    <Icon name="cross" size={14} />
                  </ActionIcon>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Name({ member }: { readonly member: Member }) {
  const { kind, id } = member
  return (
    <>
      {kind === 'client' ? (
        <Link to="/clients/$clientId" params={{ clientId: id }}>
          {id}
        </Link>
      ) : (
        id
      )}
      <div className={settings['quiet']}>
        {t.kinds[kind]} {kind === 'claim' && <code>{member.claim}</code>}
      </div>
    </>
  )
}
