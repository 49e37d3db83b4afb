import type { May, Permission } from '../../api/me.ts'
import { settings as t } from '../../texts/settings.ts'

interface SettingsPage {
  readonly to: string
  readonly title: string
  /** Left out if everybody may see the page. */
  readonly permission?: Permission
}

const pages: readonly SettingsPage[] = [
  { to: '/settings', title: t.pages.server, permission: 'settings:read' },
  { to: '/settings/administrators', title: t.pages.administrators, permission: 'accounts:read' },
  { to: '/settings/groups', title: t.pages.groups, permission: 'groups:read' },
  { to: '/settings/sessions', title: t.pages.sessions },
  { to: '/settings/sign-on', title: t.pages.signOn, permission: 'settings:read' },
  { to: '/settings/tenants', title: t.pages.tenants, permission: 'tenants:read' },
  { to: '/settings/files', title: t.pages.files, permission: 'plans:read' },
]

/** The pages of the settings that a person may see. */
export const settingsPages = (may: May): readonly SettingsPage[] =>
  pages.filter(({ permission }) => permission === undefined || may(permission))
