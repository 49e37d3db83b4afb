import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import * as openid from 'openid-client'
import { readAuthorities } from '../config/certificate.ts'
import { JwsError, parseCompact } from '../crypto/jws/compact.ts'
import { LONGEST_SECRET_FILE, secretOfVariable, takeSecret } from '../input/secret.ts'
import { quote } from '../platform/shell.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { SEALED_FORM } from '../tokens/sealed.ts'
import { print, printable, prompt, say } from './output.ts'
import { readStandardInput, readTextInput, STANDARD_INPUT } from './read-input.ts'
import { explainTokenFailure } from './token-failure.ts'
import { listeningFetch } from './wire.ts'

/** The options of a command that speaks to a server as a client does. */
interface ConnectOptions {
  readonly issuer: string
  readonly clientId: string
  readonly secretEnv?: string | undefined
  readonly secretFile?: string | undefined
  readonly authMethod: string
}

interface TokenCommandOptions extends ConnectOptions {
  readonly scope?: string
  readonly resource?: readonly string[]
  readonly ca?: string
  readonly decode?: true
  readonly json?: true
  readonly curl?: true
}

/** The authentication methods that the command offers, by their registered names. */
const methods: Readonly<Record<string, (secret: string) => openid.ClientAuth>> = {
  client_secret_basic: openid.ClientSecretBasic,
  client_secret_post: openid.ClientSecretPost,
}

/** `tessera token`: gets an access token as any client would, with openid-client. */
export async function token(options: TokenCommandOptions): Promise<void> {
  methodOf(options)
  if (URL.parse(options.issuer)?.protocol !== 'https:')
    throw new UsageError('--issuer must be an address such as https://auth.example.com')
  if (options.secretEnv !== undefined && options.secretFile !== undefined)
    throw new UsageError('give --secret-env or --secret-file, not both')
  if (options.ca !== undefined) {
    setDefaultCACertificates([...getCACertificates('default'), readAuthorities('--ca', options.ca)])
  }
  try {
    if (options.curl) return print(await curlCommand(options))
    const { config, wire } = await connect(options)
    const response = await openid.clientCredentialsGrant(config, requestParameters(options))
    print(shown(options, response, wire.lastAnswer))
  } catch (error) {
    throw await explainTokenFailure(error, options.issuer)
  }
}

function methodOf({ authMethod }: ConnectOptions): (secret: string) => openid.ClientAuth {
  const method = Object.hasOwn(methods, authMethod) ? methods[authMethod] : undefined
  if (method === undefined) throw new UsageError(`--auth-method must be one of ${Object.keys(methods).join(', ')}`)
  return method
}

/** Discovers the server, as a client that authenticates by the method of the options. */
export async function connect(options: ConnectOptions) {
  const method = methodOf(options)
  const secret = await readClientSecret(options)
  const wire = listeningFetch()
  const config = await openid.discovery(new URL(options.issuer), options.clientId, undefined, method(secret), {
    algorithm: 'oauth2',
    [openid.customFetch]: wire.fetch,
  })
  return { config, wire }
}

function requestParameters({ scope, resource = [] }: TokenCommandOptions): URLSearchParams {
  const parameters = new URLSearchParams()
  if (scope !== undefined) parameters.set('scope', scope)
  for (const uri of resource) parameters.append('resource', uri)
  return parameters
}

/** @param answer the unchanged response of the token endpoint, which `--json` prints as it is */
function shown(
  { decode: isDecoded, json }: TokenCommandOptions,
  { access_token: token }: openid.TokenEndpointResponse,
  answer: string,
): string {
  if (!isDecoded) return json ? answer : printable(token)
  if (SEALED_FORM.test(token))
    throw new UserError('the token is sealed: only the server can read it; introspection shows its content')
  const decoded = decode(token)
  return JSON.stringify(json ? { ...JSON.parse(answer), decoded } : decoded, undefined, 2)
}

/** Decodes a JWT without checking its signature. @throws UserError for any other token */
function decode(token: string) {
  try {
    const { header, claims } = parseCompact(token)
    return { header: header.raw, claims }
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    throw new UserError(`the token is not a signed JWT that can be decoded (${error.fault})`)
  }
}

/** Reads the secret from a file, the environment, a pipe or the terminal, never from the command line, which others can read. */
async function readClientSecret({ secretEnv, secretFile }: ConnectOptions): Promise<string> {
  if (secretFile !== undefined) {
    const name = `--secret-file: ${secretFile}`
    return takeSecret(name, await readTextInput(secretFile, LONGEST_SECRET_FILE))
  }
  if (secretEnv !== undefined) return secretOfVariable('--secret-env', secretEnv, process.env)
  const given = process.stdin.isTTY ? await ask('Client secret: ') : await readStandardInput(LONGEST_SECRET_FILE)
  if (given.trim() === '')
    throw new UserError('standard input has no client secret; see --secret-env and --secret-file')
  return takeSecret(STANDARD_INPUT, given)
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

/** The request as a curl command. The secret stays in a variable, so that no shell history or process list shows it. */
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
