import { JWT_BEARER } from '../../oauth/client-auth-methods.ts'
import { redactText } from '../../platform/redact.ts'

/** The methods by which a trial can authenticate. A certificate belongs to a connection, so none can be sent from here. */
export const triedMethods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'federated_jwt',
  'none',
] as const

type TriedMethod = (typeof triedMethods)[number]

/** A token request that somebody tries out. */
export interface TriedRequest {
  readonly clientId: string | undefined
  readonly method: TriedMethod
  readonly clientSecret: string | undefined
  readonly clientAssertion: string | undefined
  /** The `DPoP` header (RFC 9449 §5). */
  readonly dpop: string | undefined
  readonly scope: string | undefined
  readonly resource: readonly string[]
  readonly audience: readonly string[]
  readonly authorizationDetails: readonly object[] | undefined
  /** Further parameters, none of which the fields above set. */
  readonly other: Readonly<Record<string, string>>
}

/** A `POST` to the token endpoint. */
export interface RequestMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The parameters that other fields of a trial set. */
export const setParameters: ReadonlySet<string> = new Set([
  ...['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
  ...['scope', 'resource', 'audience', 'authorization_details'],
])

const SECRET: ReadonlySet<string> = new Set(['client_secret', 'client_assertion'])

const FORM = 'application/x-www-form-urlencoded'

/** The request as a client sends it (RFC 6749 §4.4.2). */
export function messageOf(tried: TriedRequest): RequestMessage {
  const { dpop } = tried
  return {
    headers: {
      'content-type': FORM,
      ...(tried.method === 'client_secret_basic' && { authorization: `Basic ${basicOf(tried)}` }),
      ...(dpop !== undefined && { dpop }),
    },
    body: formOf(parametersOf(tried)),
  }
}

/** The same request for people: every secret and every token in it is a placeholder. */
export function shownMessageOf(tried: TriedRequest): RequestMessage {
  const { clientId = '', dpop } = tried
  const shown = parametersOf(tried).map(([name, value]) =>
    SECRET.has(name) ? `${name}=<${name}>` : formOf([[name, redactText(value)]]),
  )
  return {
    headers: {
      'Content-Type': FORM,
      ...(tried.method === 'client_secret_basic' && {
        Authorization: `Basic <base64 of ${encoded(clientId)}:client_secret>`,
      }),
      ...(dpop !== undefined && { DPoP: '<proof>' }),
    },
    body: shown.join('&'),
  }
}

/** Both parts are encoded as in a form (RFC 6749 §2.3.1). */
const basicOf = ({ clientId = '', clientSecret = '' }: TriedRequest): string =>
  Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64')

function parametersOf(tried: TriedRequest): readonly (readonly [string, string])[] {
  const { method, clientId, clientSecret, clientAssertion, scope, resource, audience, authorizationDetails } = tried
  const given = (name: string, value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[name, value]]
  return [
    ['grant_type', 'client_credentials'],
    ...(method === 'client_secret_basic' ? [] : given('client_id', clientId)),
    ...(method === 'client_secret_post' ? given('client_secret', clientSecret) : []),
    ...(method.endsWith('_jwt')
      ? [...given('client_assertion_type', JWT_BEARER), ...given('client_assertion', clientAssertion)]
      : []),
    ...given('scope', scope),
    ...resource.map((one) => ['resource', one] as const),
    ...audience.map((one) => ['audience', one] as const),
    ...given('authorization_details', authorizationDetails && JSON.stringify(authorizationDetails)),
    ...Object.entries(tried.other),
  ]
}

const formOf = (parameters: readonly (readonly [string, string])[]): string =>
  parameters.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')

const encoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
