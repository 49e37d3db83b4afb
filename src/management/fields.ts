import { type ChangedThing, changeOf, type Fields } from '../audit/changes.ts'
import type { Api } from '../model/api.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import type { Credential, Credentials, UnreadableCredential } from '../model/credentials/credential.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'

/** A time as events show it. @param at milliseconds */
export const iso = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString()

/** The change of an API. @param before undefined for a new one */
export const apiChange = (before: Api | Unreadable | undefined, after: Api): ChangedThing | undefined =>
  changeOf({ thing: 'api', id: after.audience, name: after.name }, before && apiFields(before), apiFields(after))

function apiFields(api: Api | Unreadable): Fields {
  if ('problem' in api) return { unreadable: api.problem }
  const { audience: _, ...fields } = api
  return fields
}

/** The change of a client without its credentials. @param before undefined for a new one */
export const clientChange = (before: Client | UnreadableClient | undefined, after: Client): ChangedThing | undefined =>
  changeOf(
    { thing: 'client', id: after.id, name: after.name, owner: after.owner },
    before && clientFields(before),
    clientFields(after),
  )

/** Removed credentials are left out: they hold hashes. */
function clientFields(client: Client | UnreadableClient): Fields {
  if ('problem' in client) return { unreadable: client.problem }
  const { id: _, credentials: __, ended, ...fields } = client
  return { ...fields, disabledAt: iso(ended?.disabledAt) }
}

/** The credentials of a client at one moment. */
export type Standing = Pick<Credentials, 'all' | 'unreadable'>

const NONE: Standing = { all: [], unreadable: [] }

/** The changes of a client's credentials, by id. @param before undefined for a new client */
export function credentialChanges(
  client: ClientId,
  before: Standing | undefined,
  after: Standing,
): readonly (ChangedThing | undefined)[] {
  const listed = ({ all, unreadable }: Standing) => new Map([...all, ...unreadable].map((one) => [one.id, one]))
  const old = listed(before ?? NONE)
  const young = listed(after)
  return [...new Set([...old.keys(), ...young.keys()])].map((id) => {
    const [one, other] = [old.get(id), young.get(id)]
    const name = other?.label ?? one?.label
    return changeOf(
      { thing: 'credential', id, name, client },
      one && credentialFields(one),
      other && credentialFields(other),
    )
  })
}

/** The fields that identify a credential and its lifetime, without its secret, keys or hash. */
function credentialFields(credential: Credential | UnreadableCredential): Fields {
  if ('problem' in credential) return { label: credential.label, unreadable: credential.problem }
  const { label, kind, hint, expiresAt, revokedAt, replaces } = credential
  return {
    label,
    kind,
    hint,
    expiresAt: iso(expiresAt),
    revokedAt: iso(revokedAt),
    replaces: replaces?.id,
    ...(credential.kind === 'secret' && { retrievable: credential.retrievable !== undefined }),
  }
}
