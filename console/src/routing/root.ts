import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext } from '@tanstack/react-router'
import { meQuery, permissionsQuery, sessionQuery } from '../api/me.ts'
import { text } from '../shared/search.ts'

interface Context {
  readonly queries: QueryClient
}

/** Every address may have an open dialog, and a request to explain. */
interface SharedSearch {
  readonly dialog?: string | undefined
  readonly why?: string | undefined
}

/** The route above all pages. Every page may count on knowing the person and what the person may do. */
export const root = createRootRouteWithContext<Context>()({
  validateSearch: (search: Record<string, unknown>): SharedSearch => ({
    dialog: text(search, 'dialog'),
    why: text(search, 'why'),
  }),
  beforeLoad: async ({ context: { queries } }) => {
    await Promise.all([
      queries.ensureQueryData(meQuery),
      queries.ensureQueryData(permissionsQuery),
      queries.ensureQueryData(sessionQuery),
    ])
  },
})
