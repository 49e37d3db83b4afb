import { clientCredentials } from './client-credentials.ts'
import { type AnyGrant, entryOf } from './grant.ts'
import { validateBearer } from './validate-bearer.ts'

/** Every grant of the token endpoint. */
export const grants: readonly AnyGrant[] = [entryOf(clientCredentials), entryOf(validateBearer)]
