import type { ManagementContext } from '../context.ts'
import { sumBy, type UsageRow } from './read.ts'
import { queryOf, type UsageWindow } from './window.ts'

export interface TopRequest extends UsageWindow {
  readonly of: 'client' | 'api'
  readonly by: 'issued' | 'refused'
  readonly limit: number
}

/** The clients or APIs with the most issued tokens or refused requests, the most first. @throws UserError if they are too many */
export async function topUsage(context: ManagementContext, request: TopRequest): Promise<readonly UsageRow[]> {
  const { of, by, limit } = request
  const sums = await sumBy(context, queryOf(context, request), of)
  return [...sums]
    .filter(([, totals]) => totals[by] > 0)
    .sort(([one, { [by]: many }], [other, { [by]: few }]) => few - many || (one < other ? -1 : 1))
    .slice(0, limit)
    .map(([key, { issued, refused, reasons, tokenSeconds }]) => ({ key, issued, refused, reasons, tokenSeconds }))
}
