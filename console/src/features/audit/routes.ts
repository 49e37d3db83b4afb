import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { readSearch } from './filters.ts'

export const auditRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: readSearch,
    component: lazyRouteComponent(() => import('./audit-page.tsx'), 'AuditPage'),
  }),
] as const
