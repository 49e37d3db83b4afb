import { ClientId } from '../oauth/ids.ts'
import type { ClientAuthMethod } from './method.ts'
import { refusal } from './refusals.ts'
import { presentSecret } from './secret.ts'

/** `client_id` and `client_secret` in the body (RFC 6749 §2.3.1). */
export const clientSecretPost: ClientAuthMethod = {
  present({ form }) {
    const secret = form.get('client_secret')
    if (secret === undefined) return undefined
    const clientId = form.get('client_id')
    if (clientId === undefined) throw refusal('no_credentials')
    return presentSecret([{ clientId: ClientId(clientId), secret }])
  },
}
