import type { Configuration, CustomFetchOptions } from 'openid-client'
import { FetchError } from '../../client-auth/remote-jwks/fetch-error.ts'
import type { JsonFetcher } from '../../client-auth/remote-jwks/fetch-json.ts'
import type { Clock } from '../../platform/clock.ts'
import { cutTo, LONGEST_RECORDED } from '../../platform/text.ts'
import { AdministratorRefusal } from '../refusal.ts'

/** The settings of this server at the provider. */
export interface ProviderSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: readonly string[]
  /** The address to which the provider sends browsers back. */
  readonly redirectUri: string
}

/** The secrets of one sign-in, which the browser keeps encrypted until the provider sends it back. */
export interface Attempt {
  readonly state: string
  readonly nonce: string
  /** RFC 7636 §4.1. */
  readonly verifier: string
}

/** The metadata of a provider are read again after this time. Milliseconds. */
const METADATA_MS = 3_600_000

type Fetcher = Pick<JsonFetcher, 'exchange'>

/** An OpenID provider, over the same rules for outgoing requests as keys at URLs. */
export class Provider {
  readonly #settings: ProviderSettings
  readonly #clock: Clock
  readonly #fetcher: Fetcher
  #known: { readonly configuration: Configuration; readonly at: number } | undefined

  constructor(settings: ProviderSettings, clock: Clock, fetcher: Fetcher) {
    this.#settings = settings
    this.#clock = clock
    this.#fetcher = fetcher
  }

  /** Begins a sign-in. @returns its secrets, and the address to send the browser to @throws AdministratorRefusal `sign_on_unavailable` */
  async begin(): Promise<{ readonly attempt: Attempt; readonly url: string }> {
    const openid = await import('openid-client')
    const attempt = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
    }
    const { redirectUri, scopes } = this.#settings
    const url = openid.buildAuthorizationUrl(await this.#configuration(), {
      redirect_uri: redirectUri,
      scope: scopes.join(' '),
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    })
    return { attempt, url: url.href }
  }

  /**
   * Completes a sign-in: checks the answer, exchanges the code, and verifies the ID token with its signature.
   * @param query the query of the address to which the provider has sent the browser
   * @returns the claims of the ID token @throws AdministratorRefusal `sign_on_failed` or `sign_on_unavailable`
   */
  async complete(query: string, { state, nonce, verifier }: Attempt): Promise<Readonly<Record<string, unknown>>> {
    const openid = await import('openid-client')
    const configuration = await this.#configuration()
    const url = new URL(`${this.#settings.redirectUri}?${query}`)
    try {
      const answer = await openid.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      return answer.claims() ?? {}
    } catch (error) {
      throw explain(error)
    }
  }

  async #configuration(): Promise<Configuration> {
    const now = this.#clock.monotonic()
    if (this.#known !== undefined && now - this.#known.at < METADATA_MS) return this.#known.configuration
    const openid = await import('openid-client')
    const { issuer, clientId, clientSecret } = this.#settings
    try {
      const configuration = await openid.discovery(
        new URL(issuer),
        clientId,
        undefined,
        openid.ClientSecretBasic(clientSecret),
        { [openid.customFetch]: safely(this.#fetcher), execute: [openid.enableNonRepudiationChecks] },
      )
      this.#known = { configuration, at: now }
      return configuration
    } catch (error) {
      // While the provider is down, its earlier metadata are better than none.
      if (this.#known !== undefined) return this.#known.configuration
      throw explain(error, 'sign_on_unavailable')
    }
  }
}

/** A `fetch` for openid-client that keeps the rules of outgoing requests. */
const safely =
  (fetcher: Fetcher) =>
  async (url: string, { method, headers, body }: CustomFetchOptions): Promise<Response> => {
    const text = body === undefined || body === null ? undefined : body.toString()
    const form = text === undefined || 'content-type' in headers ? {} : { 'content-type': FORM }
    const {
      status,
      type,
      body: answer,
    } = await fetcher.exchange(url, {
      method,
      headers: { ...headers, ...form },
      body: text,
    })
    return new Response(status === 204 || status === 304 ? null : new Uint8Array(answer), {
      status,
      headers: { 'content-type': type ?? '' },
    })
  }

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8'

/** A refusal with the cause for the audit log, which repeats neither codes nor tokens. */
function explain(
  error: unknown,
  otherwise: 'sign_on_failed' | 'sign_on_unavailable' = 'sign_on_failed',
): AdministratorRefusal {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof FetchError)) continue
    const { fault, message: problem } = cause
    return new AdministratorRefusal('sign_on_unavailable', { detail: { fault, problem }, cause: error })
  }
  const code = error instanceof Error && 'error' in error ? error.error : undefined
  const detail = {
    ...(typeof code === 'string' && { error: cutTo(LONGEST_RECORDED, code) }),
    ...(error instanceof Error && { problem: cutTo(LONGEST_RECORDED, error.message) }),
  }
  return new AdministratorRefusal(otherwise, { detail, cause: error })
}
