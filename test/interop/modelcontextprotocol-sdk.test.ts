import { auth } from '@modelcontextprotocol/sdk/client/auth.js'
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { OAuthMetadataSchema } from '@modelcontextprotocol/sdk/shared/auth.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AWKWARD, AWKWARD_ASCII, GUIDE, manifestFor, useServer, verifiedClaims } from '../harness/library-setting.ts'
import { freePort } from '../harness/port.ts'
import { type ResourceServer, startResourceServer } from '../harness/resource-server.ts'
import type { TestServer } from '../harness/server.ts'
import { testClient, type Wanted } from './client-contract.ts'

const port = await freePort()
/** The URL that the SDK sends as `resource`, which the API is registered under. */
const resource = new URL(`https://127.0.0.1:${port}/mcp`)
const server = useServer({ manifest: manifestFor(resource.href) })

let mcpServer: ResourceServer | undefined
beforeAll(async () => {
  mcpServer = await startResourceServer(await protectedMcpServer(server()), port)
})
afterAll(() => mcpServer?.stop())

/** An MCP server with one tool, made of the SDK's parts. It names our issuer (RFC 9728). */
async function protectedMcpServer(authorizationServer: TestServer) {
  const metadata = await fetch(`${authorizationServer.issuer}/.well-known/oauth-authorization-server`)
  const app = createMcpExpressApp()
  app.use(
    mcpAuthMetadataRouter({
      oauthMetadata: OAuthMetadataSchema.parse(await metadata.json()),
      resourceServerUrl: resource,
    }),
  )
  const verifyAccessToken = async (token: string) => {
    const claims = await verifiedClaims(authorizationServer, token, resource.href)
    const { client_id, scope, exp = 0 } = claims
    return { token, clientId: String(client_id), scopes: String(scope).split(' '), expiresAt: exp, resource }
  }
  const guard = requireBearerAuth({
    verifier: { verifyAccessToken },
    requiredScopes: ['edit'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource),
    expectedResource: resource,
  })
  app.post('/mcp', guard, async (request, response) => {
    const mcp = new McpServer({ name: 'test', version: '1' })
    mcp.registerTool('whoami', {}, ({ authInfo }) => ({ content: [{ type: 'text', text: authInfo?.clientId ?? '' }] }))
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    await mcp.connect(transport)
    await transport.handleRequest(request, response, request.body)
  })
  return app
}

const providerFor = ({ issuer }: TestServer, { clientId, secret, scope }: Wanted): ClientCredentialsProvider =>
  new ClientCredentialsProvider({ clientId, clientSecret: secret, scope, expectedIssuer: issuer })

/** Runs the SDK's whole flow: the resource, its metadata, our metadata, and the token. */
async function authorize(provider: ClientCredentialsProvider): Promise<string> {
  expect(await auth(provider, { serverUrl: resource })).toBe('AUTHORIZED')
  return provider.tokens()?.access_token ?? ''
}

testClient({
  server,
  audience: resource.href,
  ways: [
    {
      name: 'client_secret_basic, the default',
      method: 'client_secret_basic',
      ask: (as, wanted) => authorize(providerFor(as, wanted)),
      secret: AWKWARD_ASCII,
    },
    {
      name: 'client_secret_post, as registered',
      method: 'client_secret_post',
      ask: (as, wanted) => {
        const provider = providerFor(as, wanted)
        const registered = { ...provider.clientInformation(), token_endpoint_auth_method: 'client_secret_post' }
        provider.saveClientInformation(registered)
        return authorize(provider)
      },
    },
  ],
  surfaces: (_status, error) => ({ errorCode: error }),
})

test.each([
  ['as Latin-1, which is not UTF-8, so that the server refuses it', AWKWARD, { errorCode: 'invalid_request' }],
  ['not at all if it is beyond Latin-1', `${AWKWARD} ł`, { name: 'InvalidCharacterError' }],
])('client_secret_basic sends a secret beyond ASCII %s', async (_name, secret, refusal) => {
  const provider = providerFor(server(), { clientId: 'awkward', secret, scope: 'edit' })
  await expect(authorize(provider)).rejects.toMatchObject(refusal)
})

test('its MCP client gets a token after a challenge and calls a tool with it', async () => {
  const authProvider = providerFor(server(), GUIDE)
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(resource, { authProvider }))
  try {
    const result = await client.callTool({ name: 'whoami' })
    expect(result.content).toEqual([{ type: 'text', text: GUIDE.clientId }])
  } finally {
    await client.close()
  }
})
