import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { readBoard } from './views.ts'

export const rotationRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: '/rotation',
    validateSearch: readBoard,
    component: lazyRouteComponent(() => import('./rotation-page.tsx'), 'RotationPage'),
  }),
] as const
