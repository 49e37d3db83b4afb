import * as openid from 'openid-client'
import { decodePemInput } from '../input/text-file.ts'
import { JWT_BEARER } from '../oauth/client-auth-methods.ts'
import { quote } from '../platform/shell.ts'
import { UsageError } from '../platform/user-error.ts'
import { type ClientCertificate, certificateFetch } from './certificate-fetch.ts'
import { readClientSecret, type SecretOptions } from './client-secret.ts'
import { platformToken, readToken } from './platform-token.ts'
import { readSigningKey } from './private-key.ts'
import { readTextInput } from './read-input.ts'

/** The options that say how a client authenticates. */
export interface AuthenticationOptions extends SecretOptions {
  readonly issuer: string
  readonly clientId: string
  readonly authMethod?: string
  readonly key?: string
  readonly alg?: string
  readonly kid?: string
  readonly cert?: string
  readonly assertionFile?: string
  readonly from?: string
}

/** How a client authenticates. */
interface Authentication {
  readonly auth: openid.ClientAuth
  /** Undefined for Node's own. */
  readonly fetch?: ReturnType<typeof certificateFetch>
}

interface Method {
  prepare(options: AuthenticationOptions): Promise<Authentication>
  /** The arguments of curl that do the same. @throws UserError if curl can't */
  curl(options: AuthenticationOptions): readonly string[]
}

/** Bytes of a file with certificates. */
const LONGEST_CERTIFICATES = 256 * 1024

const field = (name: string, value: string): string => `--data-urlencode ${quote(`${name}=${value}`)}`
const variable = ({ secretEnv = 'CLIENT_SECRET' }: AuthenticationOptions): string => `"$${secretEnv}"`
const noCurl = (): never => {
  throw new UsageError('--curl: curl can make no signature: use a secret, a certificate or a token in a file')
}

const bySecret = (
  toAuth: (secret: string) => openid.ClientAuth,
  curl: (options: AuthenticationOptions) => readonly string[],
): Method => ({
  prepare: async (options) => ({ auth: toAuth(await readClientSecret(options)) }),
  curl,
})

const byCertificate: Method = {
  prepare: async (options) => ({
    auth: openid.TlsClientAuth(),
    fetch: certificateFetch(await readCertificate(options)),
  }),
  curl: ({ clientId, cert = '', key = '' }) => [
    `--cert ${quote(cert)}`,
    `--key ${quote(key)}`,
    field('client_id', clientId),
  ],
}

/** The authentication methods, by their registered names (RFC 8414 §5), and ours for the token of a platform. */
const methods: Readonly<Record<string, Method>> = {
  client_secret_basic: bySecret(openid.ClientSecretBasic, (options) => [
    `--user ${quote(`${options.clientId}:`)}${variable(options)}`,
  ]),
  client_secret_post: bySecret(openid.ClientSecretPost, (options) => [
    field('client_id', options.clientId),
    `--data-urlencode client_secret=${variable(options)}`,
  ]),
  client_secret_jwt: bySecret(openid.ClientSecretJwt, noCurl),
  private_key_jwt: {
    prepare: async ({ key, alg, kid }) => {
      if (key === undefined) throw new UsageError('private_key_jwt needs --key')
      const signing = await readSigningKey('--key', key, { alg, kid })
      return {
        auth: openid.PrivateKeyJwt(signing.kid === undefined ? signing.key : { key: signing.key, kid: signing.kid }),
      }
    },
    curl: noCurl,
  },
  tls_client_auth: byCertificate,
  self_signed_tls_client_auth: byCertificate,
  federated_jwt: {
    prepare: async (options) => {
      const token = await federatedToken(options)
      return {
        auth: (_server, client, body) => {
          body.set('client_id', client.client_id)
          body.set('client_assertion_type', JWT_BEARER)
          body.set('client_assertion', token)
        },
      }
    },
    curl: ({ clientId, assertionFile }) => {
      if (assertionFile === undefined || assertionFile === '-') {
        throw new UsageError('--curl: curl needs the token in a file, which --assertion-file names')
      }
      return [
        field('client_id', clientId),
        field('client_assertion_type', JWT_BEARER),
        `--data-urlencode ${quote(`client_assertion@${assertionFile}`)}`,
      ]
    },
  },
}

/** Every method, for the help. */
const methodNames: readonly string[] = Object.keys(methods)

/** The method that the options name or imply. @throws UserError for options that do not fit */
export function methodOf(options: AuthenticationOptions): Method {
  const { authMethod, key, cert, assertionFile, from, secretEnv, secretFile } = options
  if (secretEnv !== undefined && secretFile !== undefined)
    throw new UsageError('give --secret-env or --secret-file, not both')
  if (assertionFile !== undefined && from !== undefined)
    throw new UsageError('give --assertion-file or --from, not both')
  const implied =
    cert !== undefined
      ? 'tls_client_auth'
      : key !== undefined
        ? 'private_key_jwt'
        : assertionFile !== undefined || from !== undefined
          ? 'federated_jwt'
          : 'client_secret_basic'
  const name = authMethod ?? implied
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (method === undefined) throw new UsageError(`--auth-method must be one of ${methodNames.join(', ')}`)
  return method
}

async function readCertificate({ cert, key }: AuthenticationOptions): Promise<ClientCertificate> {
  if (cert === undefined || key === undefined) throw new UsageError('a certificate needs --cert and --key')
  const read = (file: string) => readTextInput(file, LONGEST_CERTIFICATES, decodePemInput)
  return { cert: await read(cert), key: await read(key) }
}

function federatedToken({ assertionFile, from, issuer }: AuthenticationOptions): Promise<string> {
  if (from !== undefined) return platformToken(from, { audience: issuer, env: process.env })
  if (assertionFile === undefined) throw new UsageError('federated_jwt needs --assertion-file or --from')
  return readToken(assertionFile)
}
