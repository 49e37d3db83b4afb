import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { readApisFilter, readApiView } from './view.ts'

export const apiRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: '/apis',
    validateSearch: readApisFilter,
    component: lazyRouteComponent(() => import('./apis-page.tsx'), 'ApisPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/apis/new',
    component: lazyRouteComponent(() => import('./new-api-page.tsx'), 'NewApiPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/apis/$audience',
    validateSearch: readApiView,
    component: lazyRouteComponent(() => import('./api-page.tsx'), 'ApiPage'),
  }),
] as const
