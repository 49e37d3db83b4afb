import { grants } from '../grants/grants.ts'
import type { Endpoint, Routes } from '../http/message.ts'
import type { EndpointName } from '../oauth/endpoints.ts'
import { type IntrospectionContext, introspectionEndpoint } from './introspect.ts'
import { type KeysServices, keysEndpoint } from './keys.ts'
import { authorizationServerMetadata, type MetadataServices, openidConfiguration } from './metadata.ts'
import { publicDocument } from './public-document.ts'
import { refusal } from './refusals.ts'
import { type RevocationContext, revocationEndpoint } from './revoke.ts'
import { type TokenContext, tokenEndpoint } from './token.ts'

/** The parts of the server on which all endpoints depend. */
export type RuntimeContext = TokenContext &
  IntrospectionContext &
  RevocationContext & { readonly keys: KeysServices; readonly metadata: MetadataServices }

/** Everything that the runtime listener serves. */
export function runtimeRoutes(services: RuntimeContext): Routes {
  const endpoints: Readonly<Record<EndpointName, Routes[string]>> = {
    token: { POST: tokenEndpoint(services, grants) },
    introspection: { POST: introspectionEndpoint(services) },
    revocation: { POST: revocationEndpoint(services) },
    authorization: { GET: noAuthorization, POST: noAuthorization },
    keys: publicDocument(keysEndpoint(services.keys)),
    metadata: publicDocument(authorizationServerMetadata(services.metadata)),
    openid_configuration: publicDocument(openidConfiguration(services.metadata)),
    heartbeat: { GET: heartbeat },
  }
  const { paths } = services.metadata.addresses
  return Object.fromEntries([...paths].map(([path, name]) => [path, endpoints[name]]))
}

const noAuthorization: Endpoint = () => {
  throw refusal('no_authorization_endpoint')
}

const heartbeat: Endpoint = () => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain;charset=UTF-8', 'Cache-Control': 'no-store' },
  body: 'OK',
})
