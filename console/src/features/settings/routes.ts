import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { oneOf, text } from '../../shared/search.ts'
import { providers } from './sign-on/providers.ts'

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./layout.tsx'), 'SettingsLayout'),
})

// Without `as const`, the router loses the types of all routes.
const children = [
  createRoute({
    getParentRoute: () => settings,
    path: '/',
    validateSearch: (search: Record<string, unknown>): { readonly find?: string | undefined } => ({
      find: text(search, 'find'),
    }),
    component: lazyRouteComponent(() => import('./server/server-page.tsx'), 'ServerPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/administrators',
    component: lazyRouteComponent(() => import('./administrators/administrators-page.tsx'), 'AdministratorsPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/groups',
    component: lazyRouteComponent(() => import('./groups/groups-page.tsx'), 'GroupsPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/groups/$group',
    component: lazyRouteComponent(() => import('./groups/group-page.tsx'), 'GroupPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/sessions',
    component: lazyRouteComponent(() => import('./sessions/sessions-page.tsx'), 'SessionsPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/sign-on',
    validateSearch: (search: Record<string, unknown>): { readonly at?: (typeof providers)[number] | undefined } => ({
      at: oneOf(search, 'at', providers),
    }),
    component: lazyRouteComponent(() => import('./sign-on/sign-on-page.tsx'), 'SignOnPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/tenants',
    component: lazyRouteComponent(() => import('./tenants/tenants-page.tsx'), 'TenantsPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/files',
    component: lazyRouteComponent(() => import('./files/files-page.tsx'), 'FilesPage'),
  }),
] as const

export const settingsRoutes = [settings.addChildren(children)] as const
