import type { Unreadable } from '../../platform/unreadable.ts'
import { Conflict } from '../../platform/user-error.ts'

/** @throws Conflict if the record of a client or of an API can't be read */
export function requireReadable<Thing extends object>(thing: Thing | Unreadable): Thing {
  if ('problem' in thing)
    throw new Conflict(`the record of ${JSON.stringify(thing.id)} can't be read: ${thing.problem}`)
  return thing
}
