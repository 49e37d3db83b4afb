import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { readView } from './detail/view.ts'
import { readFilters } from './list/filters.ts'

export const clientRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: '/clients',
    validateSearch: readFilters,
    component: lazyRouteComponent(() => import('./list/clients-page.tsx'), 'ClientsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/new',
    component: lazyRouteComponent(() => import('./list/clients-page.tsx'), 'ClientsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/$clientId',
    validateSearch: readView,
    component: lazyRouteComponent(() => import('./detail/client-page.tsx'), 'ClientPage'),
  }),
] as const
