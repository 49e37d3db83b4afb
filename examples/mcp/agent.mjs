// An agent without a person: it authenticates as a client, and calls a tool.
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const authProvider = new ClientCredentialsProvider({
  clientId: 'agent',
  clientSecret: process.env.CLIENT_SECRET,
  // The secret goes to no other server, whatever the metadata of the MCP server say.
  expectedIssuer: process.env.ISSUER ?? 'https://localhost:9031',
  scope: 'tools:call',
})
const client = new Client({ name: 'agent', version: '1.0.0' })
const url = new URL(process.env.MCP_URL ?? 'http://localhost:3000/mcp')
await client.connect(new StreamableHTTPClientTransport(url, { authProvider }))
const { content } = await client.callTool({ name: 'whoami' })
process.stdout.write(`${content[0].text}\n`)
await client.close()
