import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from '../../routing/root.ts'
import { oneOf } from '../../shared/search.ts'
import { readView } from './detail/view.ts'
import { readFilters } from './list/filters.ts'
import { type Step, steps } from './wizard/steps.ts'

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
    validateSearch: (search: Record<string, unknown>): { readonly step?: Step | undefined } => ({
      step: oneOf(search, 'step', steps),
    }),
    component: lazyRouteComponent(() => import('./wizard/wizard-page.tsx'), 'WizardPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/$clientId',
    validateSearch: readView,
    component: lazyRouteComponent(() => import('./detail/client-page.tsx'), 'ClientPage'),
  }),
] as const
