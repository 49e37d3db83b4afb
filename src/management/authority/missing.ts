import { nearest } from '../../platform/nearest.ts'
import type { ReferableApis } from './referable.ts'

/** A name that is not known, with the known one that was probably meant. */
export function named(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return `${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`
}

/** Says that an API to which a manifest refers does not exist, or can't be read. */
export const missingApi = (audience: string, apis: ReferableApis): string =>
  apis.unreadableOf(audience) === undefined
    ? `there is no API ${named(
        audience,
        apis.all.map((api) => api.audience),
      )}`
    : `${JSON.stringify(audience)} can't be read: name it in the manifest, too`
