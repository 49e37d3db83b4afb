import { Conflict, UserError } from '../../platform/user-error.ts'
import { etagOf } from './answer.ts'

/**
 * The condition of a change (RFC 9110 §13.1). `new` is for requests that can only create, `unconditional` for commands that have just
 * read what they change.
 */
export type Precondition =
  | { readonly kind: 'none' | 'new' | 'unconditional' | 'if absent' | 'if present' }
  | { readonly kind: 'if match'; readonly tags: readonly string[] }

/** A change without the condition that it needs (RFC 6585 §3). */
export class PreconditionRequired extends UserError {
  constructor() {
    super('this changes something that exists: send If-Match with the ETag of the state that you have read')
  }
}

/** The state has changed since the author read it (RFC 9110 §15.5.13). */
export class Stale extends Conflict {
  /** The present state; undefined if there is none. */
  readonly present: unknown

  constructor(message: string, present: unknown) {
    super(message)
    this.present = present
  }
}

const TAKEN = 'there is one of this name already: change that one, or choose another name'

/** Things have changed since a plan was made, so that it would do something else. */
export class OutdatedPlan extends Conflict {}

/**
 * Refuses a change of a state that its author has not seen. It is called in the transaction of the change.
 * @param present undefined if nothing is there @param isSeen whether the author may read it
 * @throws PreconditionRequired, Stale, or Conflict
 */
export function refuseStale(precondition: Precondition, present: unknown, isSeen = true): void {
  const { kind } = precondition
  if (kind === 'unconditional') return
  if (present === undefined) {
    if (kind === 'if match' || kind === 'if present')
      throw new Stale('there is nothing that If-Match could match', undefined)
    return
  }
  if (kind === 'new') throw new Conflict(TAKEN)
  if (kind === 'none') throw new PreconditionRequired()
  if (kind === 'if absent') throw new Stale(TAKEN, isSeen ? present : undefined)
  if (kind === 'if match' && !precondition.tags.includes(etagOf(present)))
    throw new Stale(
      'it has changed since you read it: read it again, and repeat your change',
      isSeen ? present : undefined,
    )
}
