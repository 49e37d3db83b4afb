import { UsageError } from '../platform/user-error.ts'

/** The options of a list that choose and order its entries. */
export interface FleetOptions {
  readonly owner?: readonly string[]
  readonly noOwner?: true
  readonly unused?: string
  readonly expiring?: string
  readonly sort?: string
  readonly reverse?: true
}

/** The parameters of an operation for these options. @throws UsageError */
export const fleetQuery = ({ owner, noOwner, unused, expiring, sort, reverse }: FleetOptions) => {
  if (owner !== undefined && noOwner) throw new UsageError('give --owner or --no-owner, not both')
  return given({
    owner,
    no_owner: noOwner && 'true',
    unused_days: unused === undefined ? undefined : daysOf(unused, '--unused'),
    expiring_days: expiring === undefined ? undefined : daysOf(expiring, '--expiring'),
    sort,
    order: reverse && 'desc',
  })
}

/** The options of a list of clients or APIs that choose by the manifest that owns them. */
export interface ManifestOptions {
  readonly manifest?: string
  readonly noManifest?: true
}

/** As `fleetQuery`. @throws UsageError */
export const manifestQuery = ({ manifest, noManifest }: ManifestOptions) => {
  if (manifest !== undefined && noManifest) throw new UsageError('give --manifest or --no-manifest, not both')
  return given({ manifest, no_manifest: noManifest && 'true' })
}

/** The parameters that have a value. */
export const given = (
  query: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string | readonly string[]>> =>
  Object.fromEntries(Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

function daysOf(text: string, option: string): string {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? []
  if (days !== undefined) return days
  throw new UsageError(`${option} must be a number of days, such as 90d, not ${JSON.stringify(text)}`)
}
