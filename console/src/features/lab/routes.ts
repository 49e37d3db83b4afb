import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { readLab } from './lab-search.ts'

export const labRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: '/lab',
    validateSearch: readLab,
    component: lazyRouteComponent(() => import('./lab-page.tsx'), 'LabPage'),
  }),
] as const
