import { ASSERTION_TYPE, quoted, SECRET_VARIABLE, type Target, type Writer } from './target.ts'

/** openid-client 6, which finds the endpoints by itself, or the HTTPS of Node for a certificate. */
export const node: Writer = (target) => {
  if (target.proof.kind === 'github') return undefined
  if (target.proof.kind === 'certificate')
    return { id: 'node', title: 'Node', file: 'token.mjs', text: withCertificate(target) }
  const { issuer, clientId, resource, scope } = target
  const asked = [
    scope !== '' && `  scope: ${quoted(scope)},`,
    resource !== undefined && `  resource: ${quoted(resource)},`,
  ]
  const [imports, proof] = proofOf(target)
  const text = `${imports}import { setTimeout as sleep } from 'node:timers/promises'
import * as oauth from 'openid-client'

const server = await oauth.discovery(
  new URL(${quoted(issuer)}),
  ${quoted(clientId)},
  undefined,
  ${proof},
)
let token
let renewAt = 0

/** A valid token: the last one, or a new one from a minute before that expires. */
function accessToken() {
  if (Date.now() >= renewAt) {
    renewAt = Number.POSITIVE_INFINITY
    token = ask().then(({ access_token, expires_in }) => {
      renewAt = Date.now() + (expires_in - 60) * 1000
      return access_token
    })
    token.catch(() => {
      renewAt = 0
    })
  }
  return token
}

/** Asks for a token, and again if the server is busy. */
async function ask() {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await oauth.clientCredentialsGrant(server, {
${asked
  .filter((line) => line !== false)
  .map((line) => `      ${line}`)
  .join('\n')}
      })
    } catch (error) {
      const answer = error.response ?? error.cause
      if (attempt === 4 || ![429, 503].includes(answer?.status)) throw error
      await sleep(1000 * Number(answer.headers.get('retry-after') ?? 1))
    }
  }
}

console.log(await accessToken())`
  return { id: 'node', title: 'Node', file: 'token.mjs', before: 'npm install openid-client', text }
}

function proofOf({ proof }: Target): readonly [imports: string, proof: string] {
  if (proof.kind === 'key')
    return [
      `import { createPrivateKey } from 'node:crypto'\nimport { readFile } from 'node:fs/promises'\n`,
      `oauth.PrivateKeyJwt(
    await crypto.subtle.importKey(
      'pkcs8',
      createPrivateKey(await readFile('client-key.pem')).export({ type: 'pkcs8', format: 'der' }),
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    ),
  )`,
    ]
  if (proof.kind === 'token-file')
    return [
      `import { readFile } from 'node:fs/promises'\n`,
      `async (_server, client, body) => {
    // The platform replaces the file before its token expires, so it is read each time.
    body.set('client_id', client.client_id)
    body.set('client_assertion_type', ${quoted(ASSERTION_TYPE)})
    body.set('client_assertion', (await readFile(${quoted(proof.path)}, 'utf8')).trim())
  }`,
    ]
  return ['', `oauth.ClientSecretBasic(process.env.${SECRET_VARIABLE})`]
}

const withCertificate = ({
  tokenUrl,
  clientId,
  resource,
  scope,
}: Target): string => `import { readFileSync } from 'node:fs'
import { request } from 'node:https'

const form = new URLSearchParams({
  grant_type: 'client_credentials',
  client_id: ${quoted(clientId)},${scope === '' ? '' : `\n  scope: ${quoted(scope)},`}${resource === undefined ? '' : `\n  resource: ${quoted(resource)},`}
})
const asked = request(${quoted(tokenUrl)}, {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  cert: readFileSync('client.crt'),
  key: readFileSync('client.key'),
})
asked.on('response', async (answer) => {
  const { access_token, error_description } = JSON.parse((await answer.toArray()).join(''))
  if (answer.statusCode !== 200) throw new Error(error_description)
  console.log(access_token)
})
asked.end(form.toString())`
