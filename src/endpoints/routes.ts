import { grants } from '../grants/grants.ts'
import type { Endpoint, Routes } from '../http/message.ts'
import { type IntrospectionContext, introspectionEndpoint } from './introspect.ts'
import { type KeysServices, keysEndpoint } from './keys.ts'
import { authorizationServerMetadata, type MetadataServices, openidConfiguration } from './metadata.ts'
import { endpointPaths } from './paths.ts'
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
  const keys = publicDocument(keysEndpoint(services.keys))
  return {
    [endpointPaths.token]: { POST: tokenEndpoint(services, grants) },
    [endpointPaths.introspection]: { POST: introspectionEndpoint(services) },
    [endpointPaths.revocation]: { POST: revocationEndpoint(services) },
    [endpointPaths.authorization]: { GET: noAuthorization, POST: noAuthorization },
    ...Object.fromEntries(endpointPaths.keys.map((path) => [path, keys])),
    [endpointPaths.metadata]: publicDocument(authorizationServerMetadata(services.metadata)),
    [endpointPaths.openidConfiguration]: publicDocument(openidConfiguration(services.metadata)),
    [endpointPaths.heartbeat]: { GET: heartbeat },
  }
}

const noAuthorization: Endpoint = () => {
  throw refusal('no_authorization_endpoint')
}

const heartbeat: Endpoint = () => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain;charset=UTF-8', 'Cache-Control': 'no-store' },
  body: 'OK',
})
