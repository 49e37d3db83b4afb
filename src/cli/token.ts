import * as openid from 'openid-client'
import { decodeToken } from '../management/tokens/decode.ts'
import { systemClock } from '../platform/clock.ts'
import { quote } from '../platform/shell.ts'
import { UsageError } from '../platform/user-error.ts'
import { methodOf } from './client-authentication.ts'
import { type ConnectOptions, connect, prepareAddress } from './connect.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable } from './output.ts'
import { readKeyPair } from './private-key.ts'
import { explainTokenFailure } from './token-failure.ts'

interface TokenCommandOptions extends ConnectOptions, OutputOptions {
  readonly scope?: string
  readonly resource?: readonly string[]
  readonly dpop?: string
  readonly decode?: true
  readonly curl?: true
}

/** `tessera token`: gets an access token as any client would, with openid-client. */
export async function token(options: TokenCommandOptions): Promise<void> {
  methodOf(options)
  const url = prepareAddress(options)
  try {
    if (options.curl) return print(await curlCommand(url, options))
    const { config, wire } = await connect(url, options)
    const response = await requestToken(config, options)
    report(options, response, wire.lastAnswer)
  } catch (error) {
    throw await explainTokenFailure(error, options.issuer)
  }
}

async function requestToken(
  config: openid.Configuration,
  options: TokenCommandOptions,
): Promise<openid.TokenEndpointResponse> {
  if (options.dpop === undefined) return openid.clientCredentialsGrant(config, requestParameters(options))
  const pair =
    options.dpop === 'new' ? await openid.randomDPoPKeyPair() : await readKeyPair('--dpop', options.dpop, options.alg)
  const DPoP = openid.getDPoPHandle(config, pair)
  const request = () => openid.clientCredentialsGrant(config, requestParameters(options), { DPoP })
  return request().catch((error: unknown) => {
    // RFC 9449 §8: the refusal has the nonce for the next attempt, which the handle keeps.
    if (isNonceMissing(error)) return request()
    throw error
  })
}

const isNonceMissing = (error: unknown): boolean =>
  error instanceof openid.ResponseBodyError && error.error === 'use_dpop_nonce'

function requestParameters({ scope, resource = [] }: TokenCommandOptions): URLSearchParams {
  const parameters = new URLSearchParams()
  if (scope !== undefined) parameters.set('scope', scope)
  for (const uri of resource) parameters.append('resource', uri)
  return parameters
}

/** @param answer the unchanged response of the token endpoint, which `--json` prints as it is */
function report(
  options: TokenCommandOptions,
  { access_token: token }: openid.TokenEndpointResponse,
  answer: string,
): void {
  const data = JSON.parse(answer)
  if (!options.decode) {
    show(options, { data, asText: () => answer, forPeople: () => print(printable(token)) })
    return
  }
  const { header, claims } = decodeToken(token, systemClock.now())
  const asText = (shown: unknown) => JSON.stringify(shown, undefined, 2)
  const decoded = { header, claims }
  show(options, { data: { ...data, decoded }, asText, forPeople: () => print(asText(decoded)) })
}

/** The request as a curl command. The secret stays in a variable, so that no shell history or process list shows it. */
async function curlCommand(url: URL, options: TokenCommandOptions): Promise<string> {
  const { clientId, ca, dpop } = options
  if (dpop !== undefined) throw new UsageError('--curl: curl can make no DPoP proof')
  const credentials = methodOf(options).curl(options)
  const config = await openid.discovery(url, clientId, undefined, undefined, { algorithm: 'oauth2' })
  const fields = [['grant_type', 'client_credentials'], ...requestParameters(options)].map(
    ([name, value]) => `--data-urlencode ${quote(`${name}=${value}`)}`,
  )
  const trust = ca === undefined ? [] : [`--cacert ${quote(ca)}`]
  return ['curl', ...trust, ...credentials, ...fields, quote(config.serverMetadata().token_endpoint ?? '')].join(' ')
}
