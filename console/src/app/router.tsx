import { createRouter } from '@tanstack/react-router'
import { queryClient } from '../api/queries.ts'
import { apiRoutes } from '../features/apis/routes.ts'
import { auditRoutes } from '../features/audit/routes.ts'
import { clientRoutes } from '../features/clients/routes.ts'
import { keyRoutes } from '../features/keys/routes.ts'
import { labRoutes } from '../features/lab/routes.ts'
import { overviewRoutes } from '../features/overview/routes.ts'
import { planRoutes } from '../features/plans/routes.ts'
import { rotationRoutes } from '../features/rotation/routes.ts'
import { settingsRoutes } from '../features/settings/routes.ts'
import { welcomeRoutes } from '../features/welcome/routes.ts'
import { root } from '../routing/root.ts'
import { NotFound, PageFailure } from './page-failure.tsx'
import { Shell } from './shell/shell.tsx'

const shell = root.update({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageFailure,
})

export const router = createRouter({
  routeTree: shell.addChildren([
    ...overviewRoutes,
    ...rotationRoutes,
    ...welcomeRoutes,
    ...clientRoutes,
    ...apiRoutes,
    ...labRoutes,
    ...planRoutes,
    ...keyRoutes,
    ...auditRoutes,
    ...settingsRoutes,
  ]),
  context: { queries: queryClient },
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailure,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
