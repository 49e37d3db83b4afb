import type { ManagementContext } from '../context.ts'
import { type ChangedThing, whyOwned } from '../ownership.ts'
import type { FieldChange } from './plan.ts'

interface PlannedThing {
  readonly thing: ChangedThing
  /** Undefined if it is new. */
  readonly changes: readonly FieldChange[] | undefined
  /** The name of the manifest; undefined if it has none. */
  readonly by: string | undefined
  readonly takeOver: boolean
}

/**
 * The reason why a manifest may not change a thing; undefined if it may. A manifest with a name adopts a thing that nobody owns only if
 * nothing else changes, since a person has made it as it is.
 */
export function conflictOf(
  context: Pick<ManagementContext, 'servedManifests'>,
  { thing, changes, by, takeOver }: PlannedThing,
): string | undefined {
  if (changes === undefined || changes.length === 0) return undefined
  const isAdopted = thing.manifest === undefined && by !== undefined && !takeOver
  if (isAdopted && changes.some(({ field }) => field !== 'manifest'))
    return `the ${thing.kind} ${JSON.stringify(thing.id)} belongs to no manifest, and differs: change one of them, or take it over with --take-over`
  return whyOwned(context, thing, { by, takeOver })
}
