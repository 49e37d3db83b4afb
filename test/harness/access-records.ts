import type { Api, Scope } from '../../src/model/api.ts'
import type { Client } from '../../src/model/client.ts'
import { Audience, ClientId } from '../../src/oauth/ids.ts'
import { clientWith } from './client-record.ts'

/** An API with these scopes and nothing else. */
export const apiWith = (audience: string, ...scopes: readonly (string | Scope)[]): Api => ({
  audience: Audience(audience),
  name: undefined,
  scopes: scopes.map((scope) => (typeof scope === 'string' ? { name: scope } : scope)),
  token: {},
  require: undefined,
  manifest: undefined,
})

export const clientOf = (fields: Partial<Client>): Client => clientWith({ ...fields, id: ClientId('client') })

export const grantAt = (api: string, ...scopes: readonly string[]) => ({
  api: Audience(api),
  scopes,
  defaultScopes: [],
})
