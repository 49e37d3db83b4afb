import { z } from 'zod'
import type { ManifestFilter } from '../../model/fleet/filters.ts'
import type { Place } from '../../model/fleet/page.ts'
import { DAY_MS } from '../../platform/clock.ts'
import { pageParameters } from './cursor.ts'

/** The place in a list after which the next page begins. */
export const place: z.ZodType<Place> = z.strictObject({ value: z.union([z.string(), z.number()]), id: z.string() })

/** A parameter that is true or false. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

/** A duration in days, which the filters of the command line take as `90d`. */
const days = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number of days')
  .transform(Number)

/** The parameters that lists of clients and credentials have in common. */
export const fleetParameters = {
  owner: z.array(z.string().min(1).max(256)).max(1_000).optional().describe('Only things of these owners.'),
  no_owner: flag.optional().describe('Only things that nobody owns.'),
  kind: z.enum(['secret', 'keys', 'certificate', 'federated']).optional().describe('The kind of credential.'),
  unused_days: days.optional().describe('Only things that were not used for so many days.'),
  expiring_days: days.optional().describe('Only things of which a credential expires within so many days.'),
  order: z.enum(['asc', 'desc']).default('asc'),
  ...pageParameters,
} as const

/** The parameters of lists of clients and APIs that choose by the manifest that owns them. */
export const manifestParameters = {
  manifest: z.string().min(1).max(128).optional().describe('Only things that this manifest owns.'),
  no_manifest: flag.optional().describe('Only things that no manifest owns.'),
} as const

export interface AskedManifest {
  readonly manifest?: string | undefined
  readonly no_manifest?: boolean | undefined
}

export const manifestFilter = ({ manifest, no_manifest: isNone }: AskedManifest): ManifestFilter => ({
  manifest,
  hasNoManifest: isNone ? true : undefined,
})

/** The number of things that a filter lets through. */
export const countAnswer = z.strictObject({
  count: z.int(),
  is_more: z.boolean().describe('Whether there are more than `count`.'),
})

/** The filters that lists and counts of clients and credentials have in common. */
export interface AskedFleet {
  readonly owner?: readonly string[] | undefined
  readonly no_owner?: boolean | undefined
  readonly kind?: 'secret' | 'keys' | 'certificate' | 'federated' | undefined
  readonly unused_days?: number | undefined
  readonly expiring_days?: number | undefined
}

/** @param now milliseconds */
export const fleetFilter = (asked: AskedFleet, now: number) => ({
  owners: asked.owner,
  hasNoOwner: asked.no_owner ? (true as const) : undefined,
  kind: asked.kind,
  unusedSince: asked.unused_days === undefined ? undefined : now - asked.unused_days * DAY_MS,
  expiresBefore: asked.expiring_days === undefined ? undefined : now + asked.expiring_days * DAY_MS,
})
