import { isValid } from '../../../model/credentials/credential.ts'
import { isSameUri } from '../../../oauth/uri.ts'
import type { Action } from './advice.ts'
import { type Case, readable } from './case.ts'

type Body = Readonly<Record<string, unknown>>

/** A call about the client of a request; undefined if there is no such client, or its record can't be read. */
export function onClient(about: Case, operation: string, body?: Body): Action | undefined {
  const client = readable(about)
  return client && { operation, path: { client_id: client.id }, ...(body && { body }) }
}

/** Changes settings of the client. Those of a client that a manifest owns are changed there. */
export const changeClient = (about: Case, body: Body): Action | undefined =>
  readable(about)?.manifest === undefined ? onClient(about, 'clients.change', body) : undefined

/** Gives the client scopes at an API, beside those that it has there. */
export function giveScopes(about: Case, api: string, scopes: readonly string[]): Action | undefined {
  const client = readable(about)
  if (client === undefined || client.manifest !== undefined) return undefined
  const grant = client.grants.find((one) => isSameUri(one.api, api))
  return {
    operation: 'grants.replace',
    path: { client_id: client.id, audience: grant?.api ?? api },
    body: { scopes: [...new Set([...(grant?.scopes ?? []), ...scopes])], default_scopes: grant?.defaultScopes ?? [] },
  }
}

/** Adds a generated secret. */
export const addSecret = (about: Case): Action | undefined => onClient(about, 'credentials.add', {})

/** Rotates the secret of a client that has one. Nobody else knows which of several is meant. */
export function rotateSecret(about: Case): Action | undefined {
  const valid = about.credentials.filter(({ credential }) => isValid(credential, about.at))
  const secrets = valid.filter(({ credential }) => credential.kind === 'secret')
  const [only] = secrets
  if (only === undefined || secrets.length > 1) return undefined
  const action = onClient(about, 'credentials.rotate', {})
  return action && { ...action, path: { ...action.path, credential: only.credential.id } }
}

/** Removes the credential that the event names. */
export function removeCredential(about: Case, credential: string): Action | undefined {
  const action = onClient(about, 'credentials.delete')
  return action && { ...action, path: { ...action.path, credential } }
}
