import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import * as openid from 'openid-client'
import { readAuthorities } from '../config/certificate.ts'
import { UsageError } from '../platform/user-error.ts'
import { type AuthenticationOptions, methodOf } from './client-authentication.ts'
import { listeningFetch } from './wire.ts'

/** The options of a command that speaks to a server as a client does. */
export interface ConnectOptions extends AuthenticationOptions {
  readonly ca?: string
}

/** Checks the address of a server, and trusts the authorities of `--ca` in addition to the default ones. @throws UserError */
export function prepareAddress({ issuer, ca }: { readonly issuer: string; readonly ca?: string | undefined }): URL {
  const url = URL.parse(issuer)
  if (url?.protocol !== 'https:') throw new UsageError('--issuer must be an address such as https://auth.example.com')
  if (ca !== undefined) setDefaultCACertificates([...getCACertificates('default'), readAuthorities('--ca', ca)])
  return url
}

/** Discovers the server, as a client that authenticates by the method of the options. */
export async function connect(url: URL, options: ConnectOptions) {
  const { auth, fetch } = await methodOf(options).prepare(options)
  const wire = listeningFetch(fetch)
  const config = await openid.discovery(url, options.clientId, undefined, auth, {
    algorithm: 'oauth2',
    [openid.customFetch]: wire.fetch,
  })
  return { config, wire }
}
