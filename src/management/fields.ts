import { type ChangedThing, changeOf, type Fields } from '../audit/changes.ts'
import type { Api } from '../model/api.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import type { Credential, Credentials, UnreadableCredential } from '../model/credentials/credential.ts'
import type { Group } from '../model/group.ts'
import type { ClientId } from '../oauth/ids.ts'
import { iso } from '../platform/clock.ts'
import type { Unreadable } from '../platform/unreadable.ts'

/** The change of an API. @param before undefined for a new one @param after undefined if it is deleted */
export const apiChange = (before: Api | Unreadable | undefined, after: Api | undefined): ChangedThing | undefined =>
  changeOf(
    { thing: 'api', id: audienceOf(after ?? before), name: nameOf(after ?? before) },
    before && apiFields(before),
    after && apiFields(after),
  )

const audienceOf = (api: Api | Unreadable | undefined): string =>
  api === undefined ? '' : 'problem' in api ? api.id : api.audience

/** The name and the owner of an API or a client, if they are known. */
const nameOf = (thing: { readonly name?: string | undefined } | Unreadable | undefined): string | undefined =>
  thing === undefined || 'problem' in thing ? undefined : thing.name

const ownerOf = (thing: { readonly owner?: string | undefined } | Unreadable | undefined): string | undefined =>
  thing === undefined || 'problem' in thing ? undefined : thing.owner

function apiFields(api: Api | Unreadable): Fields {
  if ('problem' in api) return { unreadable: api.problem }
  const { audience: _, ...fields } = api
  return fields
}

/** The change of a client without its credentials. @param before undefined for a new one @param after undefined if it is deleted */
export const clientChange = (
  before: Client | UnreadableClient | undefined,
  after: Client | undefined,
): ChangedThing | undefined =>
  changeOf(
    {
      thing: 'client',
      id: after?.id ?? before?.id ?? '',
      name: nameOf(after ?? before),
      owner: ownerOf(after ?? before),
    },
    before && clientFields(before),
    after && clientFields(after),
  )

/** Removed credentials are left out: they hold hashes. */
function clientFields(client: Client | UnreadableClient): Fields {
  if ('problem' in client) return { unreadable: client.problem }
  const { id: _, credentials: __, ended, ...fields } = client
  return { ...fields, disabledAt: iso(ended?.disabledAt) }
}

/** The change of a group. @param before undefined for a new one @param after undefined if it is deleted */
export const groupChange = (
  name: string,
  before: Group | Unreadable | undefined,
  after: Group | undefined,
): ChangedThing | undefined =>
  changeOf({ thing: 'group', id: name }, before && groupFields(before), after && groupFields(after))

function groupFields(group: Group | Unreadable): Fields {
  if ('problem' in group) return { unreadable: group.problem }
  const { name: _, ...fields } = group
  return fields
}

/** The credentials of a client at one moment. */
export type Standing = Pick<Credentials, 'all' | 'unreadable'>

const NONE: Standing = { all: [], unreadable: [] }

/** The changes of a client's credentials, by id. @param before undefined for a new client @param former the client that had them before */
export function credentialChanges(
  client: ClientId,
  before: Standing | undefined,
  after: Standing,
  former?: ClientId,
): readonly (ChangedThing | undefined)[] {
  const listed = ({ all, unreadable }: Standing) => new Map([...all, ...unreadable].map((one) => [one.id, one]))
  const old = listed(before ?? NONE)
  const young = listed(after)
  return [...new Set([...old.keys(), ...young.keys()])].map((id) => {
    const [one, other] = [old.get(id), young.get(id)]
    const name = other?.label ?? one?.label
    return changeOf(
      { thing: 'credential', id, name, client },
      one && { ...credentialFields(one), client: former },
      other && { ...credentialFields(other), client: former && client },
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
