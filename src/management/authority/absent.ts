import type { ClientId } from '../../oauth/ids.ts'
import { Conflict, NotFound } from '../../platform/user-error.ts'

const OR_VIEW = 'or membership with view in the group that owns it'

/** The error about a client that is not there. It is also the error about one that the author may not see. */
export const noClient = (id: ClientId): NotFound => new NotFound(`there is no client ${JSON.stringify(id)}`)

/** The error about an API that is not there. It is also the error about one that the author may not see. */
export const noApi = (audience: string): NotFound => new NotFound(`there is no API ${JSON.stringify(audience)}`)

/** The error about a new client whose id one has that the author may not see. */
export const hiddenClient = (id: ClientId): Conflict =>
  new Conflict(
    `the client id ${JSON.stringify(id)} is taken by a client that you may not see: this takes the permission clients:read, ${OR_VIEW}`,
  )

/** The error about a new API whose audience one has that the author may not see. */
export const hiddenApi = (audience: string): Conflict =>
  new Conflict(
    `the audience ${JSON.stringify(audience)} is taken by an API that you may not see: this takes the permission apis:read, ${OR_VIEW}`,
  )
