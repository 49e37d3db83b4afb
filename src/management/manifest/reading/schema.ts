import { z } from 'zod'
import { MOST_VALID } from '../../../model/credentials/life.ts'
import { LONGEST_CLIENT_ID } from '../../../oauth/ids.ts'
import { apiSchema, scopeSchema } from '../../schemas/api.ts'
import { clientSchema, credentialList } from '../../schemas/client.ts'
import { manifestCredentialSchema } from '../../schemas/credential.ts'
import { audience, line, scopeName } from '../../schemas/values.ts'
import { type ManifestTest, testSchema } from './test-schema.ts'

const scope = scopeSchema.safeExtend({
  renamed_from: scopeName.optional().describe('The name that the scope has had.'),
})
const api = apiSchema.extend({
  renamed_from: audience.optional().describe('The audience that the API has had.'),
  scopes: z
    .array(scope)
    .default([])
    .describe('The rights that tokens can carry at this API. Two APIs may have scopes of the same name.'),
})
const client = clientSchema.extend({
  renamed_from: line(LONGEST_CLIENT_ID).optional().describe('The id that the client has had.'),
  credentials: credentialList(manifestCredentialSchema)
    .default([])
    .describe(`Up to ${MOST_VALID} may be valid at the same time.`),
})

/** The defaults of one document. */
export const defaultsSchema = z
  .strictObject({
    api: api
      .omit({ audience: true, scopes: true, renamed_from: true })
      .partial()
      .optional()
      .describe('Fields of APIs.'),
    client: client
      .omit({ client_id: true, credentials: true, renamed_from: true })
      .partial()
      .optional()
      .describe('Fields of clients.'),
  })
  .optional()
  .describe('Fields of the APIs and clients of this document that leave them out.')

/** One document of a manifest. */
export const documentSchema = z.strictObject({
  manifest: line(128).optional().describe('The name of the manifest, which owns the APIs and clients that it names.'),
  defaults: defaultsSchema,
  apis: z.array(api).default([]).describe('The APIs that tokens are for.'),
  clients: z.array(client).default([]).describe('The services that may ask for tokens.'),
  tests: z.array(testSchema).default([]).describe('Requests, and the answers that they must get.'),
})

/** The name of the manifest that owns something; undefined if the manifest has no name. */
interface Owned {
  readonly manifest?: string | undefined
}

type ManifestApi = z.output<typeof api> & Owned
type ManifestClient = z.output<typeof client> & Owned

/** A manifest that has the right form, but was not yet compared with the model. */
export interface Manifest {
  /** The names of the manifests that were read together. */
  readonly names: readonly string[]
  readonly apis: readonly ManifestApi[]
  readonly clients: readonly ManifestClient[]
  readonly tests: readonly ManifestTest[]
}
