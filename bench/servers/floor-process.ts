import { createPublicKey, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { signatureAlgorithms } from '../../src/keys/algorithms.ts'
import { introspectionPath, lifetime, scope } from '../fleet.ts'
import { bareTokens, type FloorTokens, signedTokens } from './floor-tokens.ts'
import { listening } from './listening.ts'

function tokensOf(kind: string | undefined): FloorTokens {
  if (kind === 'sealed') return bareTokens()
  if (kind === 'ES256' || kind === 'RS256') return signedTokens(kind)
  throw new TypeError(`there are no tokens of the kind ${kind}`)
}

const tokens = tokensOf(process.argv[2])
const verified = process.argv[3]

/** The key of assertions and proofs, given by the environment: the floor looks nothing up. */
const clientKey = createPublicKey({ key: JSON.parse(process.env['FLOOR_CLIENT_KEY'] ?? '{}'), format: 'jwk' })

/** @throws Error if the client's key didn't sign it */
function verifyJwt(jwt: string): void {
  const end = jwt.lastIndexOf('.')
  const signature = Buffer.from(jwt.slice(end + 1), 'base64url')
  if (!signatureAlgorithms.ES256.verify(jwt.slice(0, end), clientKey, signature)) throw new Error('a wrong signature')
}

async function issue(body: Buffer, { headers }: IncomingMessage): Promise<string> {
  const form = new URLSearchParams(body.toString())
  if (verified === 'assertion') verifyJwt(form.get('client_assertion') ?? '')
  if (verified === 'proof') verifyJwt(String(headers['dpop']))
  const token = await tokens.issue(form.get('scope') ?? scope)
  const type = verified === 'proof' ? 'DPoP' : 'Bearer'
  return JSON.stringify({ access_token: token, token_type: type, expires_in: lifetime, scope: form.get('scope') })
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
    const body = await answer(Buffer.concat(chunks), request)
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
