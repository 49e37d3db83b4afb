import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as openid from 'openid-client'
import { UserError } from '../platform/user-error.ts'
import { print, printable, prompt, say } from './output.ts'
import { listeningFetch } from './wire.ts'

interface TokenCommandOptions {
  readonly issuer: string
  readonly clientId: string
  readonly secretEnv?: string
  readonly secretFile?: string
  readonly authMethod: string
  readonly scope?: string
  readonly resource?: readonly string[]
  readonly ca?: string
  readonly decode?: true
  readonly json?: true
  readonly curl?: true
}

/** The ways to authenticate that the command offers, by their registered names. */
const methods: Readonly<Record<string, (secret: string) => openid.ClientAuth>> = {
  client_secret_basic: openid.ClientSecretBasic,
  client_secret_post: openid.ClientSecretPost,
}

/** `tessera token`: gets an access token as any client would, with openid-client. */
export async function token(options: TokenCommandOptions): Promise<void> {
  const method = Object.hasOwn(methods, options.authMethod) ? methods[options.authMethod] : undefined
  if (method === undefined) throw new UserError(`--auth-method must be one of ${Object.keys(methods).join(', ')}`)
  if (!URL.canParse(options.issuer)) throw new UserError('--issuer must be an address such as https://auth.example.com')
  if (options.ca !== undefined) {
    setDefaultCACertificates([...getCACertificates('default'), read('--ca', options.ca)])
  }
  try {
    if (options.curl) return print(await curlCommand(options))
    const secret = await readSecret(options)
    const wire = listeningFetch()
    const config = await openid.discovery(new URL(options.issuer), options.clientId, undefined, method(secret), {
      algorithm: 'oauth2',
      [openid.customFetch]: wire.fetch,
    })
    const response = await openid.clientCredentialsGrant(config, requestParameters(options))
    print(shown(options, response, wire.lastAnswer))
  } catch (error) {
    throw await explain(error)
  }
}

function requestParameters({ scope, resource = [] }: TokenCommandOptions): URLSearchParams {
  const parameters = new URLSearchParams()
  if (scope !== undefined) parameters.set('scope', scope)
  for (const uri of resource) parameters.append('resource', uri)
  return parameters
}

/** @param answer of the token endpoint, as it came: `--json` changes nothing in it */
function shown(
  { decode, json }: TokenCommandOptions,
  { access_token: token }: openid.TokenEndpointResponse,
  answer: string,
): string {
  if (!decode) return json ? answer : printable(token)
  const decoded = { header: decodeProtectedHeader(token), claims: decodeJwt(token) }
  return JSON.stringify(json ? { ...JSON.parse(answer), decoded } : decoded, undefined, 2)
}

/** From a file, the environment, a pipe, or typed unseen: never from the command line, which others can read. */
async function readSecret({ secretEnv, secretFile }: TokenCommandOptions): Promise<string> {
  if (secretFile !== undefined) return read('--secret-file', secretFile).replace(/\r?\n$/, '')
  if (secretEnv !== undefined) {
    const secret = process.env[secretEnv]
    if (secret === undefined || secret === '') throw new UserError(`the environment has no ${secretEnv}`)
    return secret
  }
  const secret = process.stdin.isTTY ? await ask('Client secret: ') : (await text(process.stdin)).replace(/\r?\n$/, '')
  if (secret === '') throw new UserError('standard input has no client secret; see --secret-env and --secret-file')
  return secret
}

function ask(question: string): Promise<string> {
  prompt(question)
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true })
  return new Promise((resolve) => {
    terminal.question('', (answer) => {
      terminal.close()
      say('')
      resolve(answer)
    })
  })
}

function read(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`${option}: ${error instanceof Error ? error.message : error}`)
  }
}

/** The same request for a shell; the secret stays in a variable, so that no history or process list shows it. */
async function curlCommand(options: TokenCommandOptions): Promise<string> {
  const { issuer, clientId, secretEnv = 'CLIENT_SECRET', authMethod, ca } = options
  const config = await openid.discovery(new URL(issuer), clientId, undefined, undefined, { algorithm: 'oauth2' })
  const parameters = requestParameters(options)
  const fields = [['grant_type', 'client_credentials'], ...parameters].map(
    ([name, value]) => `--data-urlencode ${quote(`${name}=${value}`)}`,
  )
  const credentials =
    authMethod === 'client_secret_basic'
      ? [`--user ${quote(`${clientId}:`)}"$${secretEnv}"`]
      : [`--data-urlencode ${quote(`client_id=${clientId}`)}`, `--data-urlencode client_secret="$${secretEnv}"`]
  const trust = ca === undefined ? [] : [`--cacert ${quote(ca)}`]
  return ['curl', ...trust, ...credentials, ...fields, quote(config.serverMetadata().token_endpoint ?? '')].join(' ')
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** What the server or the network said, in a line. */
async function explain(error: unknown): Promise<unknown> {
  if (error instanceof openid.ResponseBodyError) {
    return refusal(error.response, error.error, error.error_description)
  }
  if (error instanceof openid.WWWAuthenticateChallengeError) {
    // The library reads the challenge of a 401 and leaves the body, which says more.
    const body = (await error.response.json().catch(() => ({}))) as Partial<Record<string, string>>
    return refusal(error.response, body['error'] ?? 'invalid_client', body['error_description'])
  }
  if (error instanceof openid.ClientError || error instanceof TypeError) {
    const cause = error.cause instanceof Error ? error.cause : error
    const deeper = cause.cause instanceof Error ? cause.cause : cause
    return new UserError(printable(`${error.message}${deeper === error ? '' : `: ${deeper.message}`}`))
  }
  return error
}

function refusal(response: Response, code: string, description: string | undefined): UserError {
  const id = response.headers.get('x-request-id')
  const said = description === undefined ? code : `${code}: ${description}`
  return new UserError(printable(id === null ? said : `${said} (request ${id})`))
}
