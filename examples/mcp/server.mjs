// An MCP server that only clients of Tessera may use. ISSUER names Tessera, and MCP_URL the address of this server.

import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

const issuer = process.env.ISSUER ?? 'https://localhost:9031'
const resource = new URL(process.env.MCP_URL ?? 'http://localhost:3000/mcp')
const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))

async function verifyAccessToken(token) {
  try {
    const rules = { issuer, audience: resource.href, typ: 'at+jwt', algorithms: ['ES256'] }
    const { payload } = await jwtVerify(token, keys, rules)
    return { token, clientId: payload.client_id, scopes: payload.scope.split(' '), expiresAt: payload.exp, resource }
  } catch (error) {
    throw error instanceof errors.JOSEError ? new InvalidTokenError('the token is not valid') : error
  }
}

const app = createMcpExpressApp()
// The metadata of this server (RFC 9728), where clients find Tessera.
app.use(
  mcpAuthMetadataRouter({ oauthMetadata: metadata, resourceServerUrl: resource, scopesSupported: ['tools:call'] }),
)
const guard = requireBearerAuth({
  verifier: { verifyAccessToken },
  requiredScopes: ['tools:call'],
  resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource),
  expectedResource: resource,
})
app.post(resource.pathname, guard, async (request, response) => {
  const mcp = new McpServer({ name: 'orders', version: '1.0.0' })
  mcp.registerTool('whoami', { description: 'The client that calls' }, ({ authInfo }) => ({
    content: [{ type: 'text', text: authInfo.clientId }],
  }))
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  await mcp.connect(transport)
  await transport.handleRequest(request, response, request.body)
})
app.listen(Number(resource.port), resource.hostname, () => process.stdout.write(`${resource}\n`))
