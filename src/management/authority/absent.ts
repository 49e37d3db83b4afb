import type { ClientId } from '../../oauth/ids.ts'
import { NotFound } from '../../platform/user-error.ts'

/** The error about a client that is not there. It is also the error about one that the author may not see. */
export const noClient = (id: ClientId): NotFound => new NotFound(`there is no client ${JSON.stringify(id)}`)

/** The error about an API that is not there. It is also the error about one that the author may not see. */
export const noApi = (audience: string): NotFound => new NotFound(`there is no API ${JSON.stringify(audience)}`)
