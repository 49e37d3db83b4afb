import type { Client } from '../../src/model/client.ts'
import { toCredentials } from '../../src/model/credentials/credential.ts'

/**
 * A client for a test, with defaults for the fields that the test leaves out. By default it has no scope and no
 * credential.
 */
export const clientWith = (fields: Partial<Client> & Pick<Client, 'id'>): Client => ({
  name: undefined,
  description: undefined,
  owner: undefined,
  tags: [],
  metadata: {},
  enabled: true,
  subject: undefined,
  grantTypes: ['client_credentials'],
  scopes: [],
  grants: [],
  restrictScopes: false,
  defaultScopes: [],
  defaultApi: undefined,
  token: {},
  introspects: [],
  credentials: toCredentials([]),
  authentication: {},
  require: undefined,
  bindsToCertificate: false,
  manifest: undefined,
  ...fields,
})

/** The columns that are NULL in the row of such a client. */
export const UNSET = {
  ...{ name: null, description: null, owner: null, subject: null },
  ...{ default_api: null, require: null, manifest: null },
}
