import { nearest } from '../../platform/nearest.ts'
import type { ReferableApis } from './referable.ts'

/** The names that are compared for all suggestions of one check. Thousands of mistakes and names would take minutes. */
const MOST_COMPARED = 200_000

/** Names something that is not known, with the known one that was probably meant, while there is room to compare. */
export type Naming = (name: string, known: () => readonly string[]) => string

/** Begins the suggestions of one check. */
export function withSuggestions(): Naming {
  let left = MOST_COMPARED
  return (name, known) => {
    if (left <= 0) return JSON.stringify(name)
    const names = known()
    left -= names.length
    const meant = nearest(name, names)
    return `${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`
  }
}

/** Says that an API to which a manifest refers does not exist, or can't be read. */
export const missingApi = (audience: string, apis: ReferableApis, named: Naming): string =>
  apis.unreadableOf(audience) === undefined
    ? `there is no API ${named(audience, () => apis.all.map((api) => api.audience))}`
    : `${JSON.stringify(audience)} can't be read: name it in the manifest, too`
