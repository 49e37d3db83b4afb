import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { oneOf } from '../../shared/search.ts'

const RANGES = ['hour', 'day', 'week'] as const

export const overviewRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    validateSearch: (search: Record<string, unknown>): { readonly range?: (typeof RANGES)[number] } => ({
      range: oneOf(search, 'range', RANGES),
    }),
    component: lazyRouteComponent(() => import('./overview-page.tsx'), 'OverviewPage'),
  }),
] as const
