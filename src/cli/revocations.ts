import { z } from 'zod'
import { inLines, type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { printTable } from './table.ts'
import type { TargetOptions } from './target.ts'

const revocation = z.looseObject({
  kind: z.string(),
  id: z.string(),
  issued_before: z.string().optional(),
  expires: z.string(),
})

/** `tessera revocations list`: prints the revocations that still matter. */
export const revocationsList = (options: OutputOptions & TargetOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const items = await target.list('revocations.list', {}, revocation)
    const forPeople = () =>
      printTable(items, [
        { heading: 'KIND', of: ({ kind }) => kind },
        { heading: 'ID', of: ({ id }) => id, isWhole: true },
        { heading: 'ISSUED BEFORE', of: ({ issued_before: at }) => at, kind: 'time' },
        { heading: 'UNTIL', of: ({ expires }) => expires, kind: 'time' },
      ])
    show(options, { data: items, asText: inLines, forPeople })
  })
