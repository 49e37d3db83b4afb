import { Link, Outlet } from '@tanstack/react-router'
import { type Permission, useMay } from '../../api/me.ts'
import { settings as t } from '../../texts/settings.ts'
import classes from './layout.module.css'

interface Entry {
  readonly to: string
  readonly title: string
  /** Left out if everybody may see the page. */
  readonly permission?: Permission
}

const entries: readonly Entry[] = [
  { to: '/settings', title: t.pages.server, permission: 'settings:read' },
  { to: '/settings/administrators', title: t.pages.administrators, permission: 'accounts:read' },
  { to: '/settings/groups', title: t.pages.groups, permission: 'groups:read' },
  { to: '/settings/sessions', title: t.pages.sessions },
  { to: '/settings/sign-on', title: t.pages.signOn, permission: 'settings:read' },
  { to: '/settings/tenants', title: t.pages.tenants, permission: 'tenants:read' },
  { to: '/settings/files', title: t.pages.files, permission: 'plans:read' },
]

/** The pages of the settings beside each other. Where there is little room, their names stand above. */
export function SettingsLayout() {
  const may = useMay()
  return (
    <div className={classes['layout']}>
      <nav aria-label={t.title} className={classes['pages']}>
        {entries
          .filter(({ permission }) => permission === undefined || may(permission))
          .map(({ to, title }) => (
            <Link key={to} to={to} activeOptions={{ exact: to === '/settings', includeSearch: false }}>
              {title}
            </Link>
          ))}
      </nav>
      <Outlet />
    </div>
  )
}
