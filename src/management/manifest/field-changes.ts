import { type ChangedThing, changeOf, type Fields } from '../../audit/changes.ts'
import type { Api } from '../../model/api.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { credentialChanges } from '../fields.ts'
import { fromApi } from '../schemas/api.ts'
import { fromClient } from '../schemas/client.ts'
import type { FieldChange } from './plan.ts'

/** The fields of an API that differ, by their names in a manifest. An API that can't be read has none. */
export const changesOfApi = (before: Api | Unreadable, after: Api): readonly FieldChange[] =>
  listed(changeOf({ thing: 'api', id: after.audience }, 'problem' in before ? {} : apiFields(before), apiFields(after)))

/** The fields of a client that differ, and its credentials. A revoked one had ended before, so its move to `ended` is no difference. */
export function changesOfClient(before: Client | UnreadableClient, after: Client): readonly FieldChange[] {
  const identity = { thing: 'client', id: after.id } as const
  const fields = changeOf(identity, 'problem' in before ? {} : clientFields(before), clientFields(after))
  const ended = new Set<string>(after.ended?.revoked?.map(({ id }) => id))
  const credentials = credentialChanges(after.id, before.credentials, after.credentials).flatMap((change) =>
    change === undefined || ended.has(change.id)
      ? []
      : [{ field: `credentials.${change.name ?? change.id}`, before: change.before, after: change.after }],
  )
  return [...listed(fields), ...credentials]
}

const listed = (change: ChangedThing | undefined): readonly FieldChange[] =>
  Object.keys({ ...change?.before, ...change?.after }).map((field) => ({
    field,
    before: change?.before?.[field] ?? null,
    after: change?.after?.[field] ?? null,
  }))

function apiFields(api: Api): Fields {
  const { audience: _, scopes, token, ...others } = fromApi(api)
  const named = scopes.map(({ name, ...scope }) => [`scopes.${name}`, defined(scope)] as const)
  return { ...others, ...prefixed('token', token), ...Object.fromEntries(named), manifest: api.manifest }
}

function clientFields(client: Client): Fields {
  const { client_id: _, grants, token, ...others } = fromClient(client)
  const named = grants.map(({ api, ...grant }) => [`grants.${api}`, grant] as const)
  return { ...others, ...prefixed('token', token), ...Object.fromEntries(named), manifest: client.manifest }
}

const prefixed = (name: string, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${name}.${field}`, value]))

const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
