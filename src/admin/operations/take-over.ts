import { z } from 'zod'
import { flag } from './listing.ts'

/** The query of a change of something that a manifest may own. */
export const takeOverQuery = {
  query: z.strictObject({
    take_over: flag.optional().describe('Change it even if a manifest owns it. Afterwards it belongs to no manifest.'),
  }),
} as const

/** The parsed query of such a change. */
export type TakeOver = z.output<typeof takeOverQuery.query>
