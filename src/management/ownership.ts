import { Conflict } from '../platform/user-error.ts'
import type { ManagementContext } from './context.ts'

/** A client or an API that is to be changed. */
export interface ChangedThing {
  readonly kind: 'client' | 'API'
  readonly id: string
  /** The manifest that owns it; undefined if none does. */
  readonly manifest: string | undefined
}

/** The claim of an author to change something that a manifest owns. */
export interface Claim {
  /** The manifest that makes the change; undefined for a person or a program. */
  readonly by?: string | undefined
  /** Whether to take it from the manifest that owns it. It then belongs to `by`, or to no manifest. */
  readonly takeOver?: boolean | undefined
}

/** A change of something that a manifest owns, by somebody else. */
export class OwnedByManifest extends Conflict {}

/**
 * Says who keeps an author from changing a thing: the manifest that owns it, or the files of this server, from which nobody takes anything.
 * @param manifest the owner of the thing
 */
export function keeperOf(
  { servedManifests }: Pick<ManagementContext, 'servedManifests'>,
  manifest: string | undefined,
  { by, takeOver = false }: Claim,
): 'nobody' | 'manifest' | 'server' {
  if (manifest === undefined || manifest === by) return 'nobody'
  if (servedManifests?.has(manifest)) return 'server'
  return takeOver ? 'nobody' : 'manifest'
}

/** Says why an author may not change a thing that a manifest owns; undefined if nothing keeps them from it. */
export function whyOwned(
  context: Pick<ManagementContext, 'servedManifests'>,
  { kind, id, manifest }: ChangedThing,
  claim: Claim,
): string | undefined {
  const keeper = keeperOf(context, manifest, claim)
  if (keeper === 'nobody') return undefined
  const thing = `the ${kind} ${JSON.stringify(id)}`
  return keeper === 'server'
    ? `${thing} is kept by the files of this server, in the manifest ${JSON.stringify(manifest)}: change it there`
    : `${thing} belongs to the manifest ${JSON.stringify(manifest)}: change it there, or take it over with --take-over`
}

/** Refuses the change of something that a manifest owns. The rights of the author are checked before. @throws OwnedByManifest */
export function requireOwnership(...change: Parameters<typeof whyOwned>): void {
  const why = whyOwned(...change)
  if (why !== undefined) throw new OwnedByManifest(why)
}
