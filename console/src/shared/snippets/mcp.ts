import { quoted, SECRET_VARIABLE, type Writer } from './target.ts'

/** A client of the Model Context Protocol, whose server is the API. */
export const mcp: Writer = ({ clientId, issuer, scope, resource, proof }) => {
  if ((proof.kind !== 'secret' && proof.kind !== 'key') || resource === undefined || !/^https?:/.test(resource))
    return undefined
  const isKey = proof.kind === 'key'
  const provider = isKey ? 'PrivateKeyJwtProvider' : 'ClientCredentialsProvider'
  const asked = scope === '' ? '' : `\n  scope: ${quoted(scope)},`
  const key = isKey
    ? `privateKey: await readFile('client-key.pem', 'utf8'),\n  algorithm: 'ES256',`
    : `clientSecret: process.env.${SECRET_VARIABLE},`
  const text = `${isKey ? `import { readFile } from 'node:fs/promises'\n` : ''}import { ${provider} } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

// It finds this server by the metadata of the MCP server, and sends the secret to no other.
const authProvider = new ${provider}({
  clientId: ${quoted(clientId)},
  ${key}
  expectedIssuer: ${quoted(issuer)},${asked}
})
const client = new Client({ name: ${quoted(clientId)}, version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(new URL(${quoted(resource)}), { authProvider }))
console.log((await client.listTools()).tools.map(({ name }) => name))`
  return { id: 'mcp', title: 'MCP', file: 'agent.mjs', before: 'npm install @modelcontextprotocol/sdk', text }
}
