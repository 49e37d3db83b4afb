import { Link, Outlet } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { settings as t } from '../../texts/settings.ts'
import classes from './layout.module.css'
import { settingsPages } from './pages.ts'

/** The pages of the settings beside each other. Where there is little room, their names stand above. */
export function SettingsLayout() {
  const may = useMay()
  return (
    <div className={classes['layout']}>
      <nav aria-label={t.title} className={classes['pages']}>
        {settingsPages(may).map(({ to, title }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === '/settings', includeSearch: false }}>
            {title}
          </Link>
        ))}
      </nav>
      <Outlet />
    </div>
  )
}
