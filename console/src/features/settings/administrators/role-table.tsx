import { VisuallyHidden } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { permissionsQuery } from '../../../api/me.ts'
import { Icon } from '../../../shared/icon.tsx'
import { Section, Sheet } from '../../../shared/page.tsx'
import { administrators as t } from '../../../texts/administrators.ts'
import { groups } from '../../../texts/groups.ts'
import classes from '../settings.module.css'
import table from './role-table.module.css'
import { roles } from './roles.ts'

/** The permissions, and the roles that have them. */
export function RoleTable() {
  const { data } = useSuspenseQuery(permissionsQuery)
  const given = data.items.filter((one) => one.roles.length > 0)
  return (
    <Section title={t.mayTitle} lead={t.mayLead}>
      <Sheet flush>
        <table className={`${classes['table']} ${table['roles']}`} aria-label={t.mayTitle}>
          <thead>
            <tr>
              <th scope="col">{t.permission}</th>
              {roles.map((role) => (
                <th key={role} scope="col" data-mark>
                  {t.roleNames[role]}
                </th>
              ))}
              <th scope="col" data-extra>
                {t.inGroup}
              </th>
            </tr>
          </thead>
          <tbody>
            {given.map(({ name, description, roles: having, within }) => (
              <tr key={name}>
                <th scope="row">
                  {description} <code>{name}</code>
                </th>
                {roles.map((role) => (
                  <td key={role} data-mark>
                    {having.includes(role) && <Icon name="check" />}
                    <VisuallyHidden>{having.includes(role) ? t.yes : t.no}</VisuallyHidden>
                  </td>
                ))}
                <td data-extra>{within && groups.permissions[within]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Sheet>
    </Section>
  )
}
