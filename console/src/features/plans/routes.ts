import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'

export const planRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: '/plans',
    component: lazyRouteComponent(() => import('./plans-page.tsx'), 'PlansPage'),
  }),
] as const
