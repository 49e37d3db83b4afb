import type { SessionContext } from '../../administrators/sessions/context.ts'
import type { SignOnContext } from '../../administrators/sign-on/sign-on.ts'

/** Everything about people, for the endpoints of the admin listener. */
export interface PeopleContext {
  readonly people: SessionContext
  /** Undefined without single sign-on. */
  readonly signOn: SignOnContext | undefined
  /** The origin under which people reach the admin listener. */
  readonly url: string
}
