import type { Actor } from '../../audit/actor.ts'
import type { HttpRequest } from '../../http/message.ts'
import type { Authority } from '../../management/authority/authority.ts'
import type { Sender } from '../sessions/authenticate.ts'

/** An authenticated caller of the admin API. */
export interface Caller {
  readonly actor: Actor
  readonly authority: Authority
  /** The person, if a session proves who calls. */
  readonly signedIn?: Sender
}

/**
 * Finds out who calls. Each way of authentication is such a function.
 * @returns undefined if the request does not use this way
 * @throws Refusal if it does, and is not authentic
 */
export type Authenticate = (request: HttpRequest) => Promise<Caller | undefined>
