import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { introspectionPath, lifetime, scope } from '../fleet.ts'
import { bareTokens, type FloorTokens, signedTokens } from './floor-tokens.ts'
import { listening } from './listening.ts'

function tokensOf(kind: string | undefined): FloorTokens {
  if (kind === 'sealed') return bareTokens()
  if (kind === 'ES256' || kind === 'RS256') return signedTokens(kind)
  throw new TypeError(`there are no tokens of the kind ${kind}`)
}

const tokens = tokensOf(process.argv[2])

async function issue(body: Buffer): Promise<string> {
  const form = new URLSearchParams(body.toString())
  const token = await tokens.issue(form.get('scope') ?? scope)
  return JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: lifetime, scope: form.get('scope') })
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(tokens.keySet)
    return
  }
  const answer = request.url === introspectionPath ? tokens.introspect : issue
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const body = await answer(Buffer.concat(chunks))
    response.writeHead(200, {
      'Content-Type': 'application/json;charset=UTF-8',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      'X-Request-Id': randomUUID(),
      'Content-Length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
listening(server)
