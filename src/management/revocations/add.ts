import { changeOf } from '../../audit/changes.ts'
import { Audience, ClientId, Jti, KeyId } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import { uuidv7Time } from '../../platform/random.ts'
import { NotFound } from '../../platform/user-error.ts'
import type { Revocation } from '../../tokens/revocation/store.ts'
import { loadApis } from '../apis/show.ts'
import { noApi, noClient } from '../authority/absent.ts'
import { requireOverApi } from '../authority/api-rights.ts'
import { lacking, mayOver, requireEverywhere } from '../authority/authority.ts'
import { type ManagementContext, recordedBy } from '../context.ts'

/** The target of a revocation: one token, by its `jti`, or all tokens issued so far to a client, for an API or under a key. */
export interface RevocationTarget {
  readonly kind: Revocation['kind']
  readonly id: string
}

/** Revokes tokens. @throws UserError if the client, API or key does not exist, or if no token of ours can have the `jti` */
export async function addRevocation(context: ManagementContext, target: RevocationTarget): Promise<Revocation> {
  const { store } = context
  const revocation = await toRevocation(context, target)
  const { kind, id, expiresAt } = revocation
  const fields = {
    kind,
    issuedBefore: 'issuedBefore' in revocation ? iso(revocation.issuedBefore) : undefined,
    expiresAt: iso(expiresAt),
  }
  const event = recordedBy(context, {
    type: 'revocation.add',
    detail: { kind, id },
    changes: [changeOf({ thing: 'revocation', id }, undefined, fields)],
  })
  await store.revocations.addRevocations([revocation], event)
  return revocation
}

async function toRevocation(context: ManagementContext, { kind, id }: RevocationTarget): Promise<Revocation> {
  const longest = await context.store.revocations.longestLifetime()
  const now = context.clock.now()
  const all = { issuedBefore: now, expiresAt: now + longest }
  switch (kind) {
    case 'client':
      return { kind, id: await knownClient(context, id), ...all }
    case 'api':
      return { kind, id: await knownApi(context, id), ...all }
    case 'key':
      return { kind, id: await knownKey(context, id), ...all }
    case 'token': {
      // Nobody knows the client of a token by its `jti` alone.
      requireEverywhere(context.authority, 'revocations:write')
      const issuedAt = uuidv7Time(id)
      if (issuedAt === undefined) throw new NotFound('no token of this server has such a jti')
      return { kind, id: Jti(id), expiresAt: issuedAt + longest }
    }
  }
}

async function knownClient({ store, authority }: ManagementContext, id: string): Promise<ClientId> {
  const client = await store.directory.loadClient(ClientId(id))
  const owner = client === undefined || 'problem' in client ? undefined : client.owner
  if (client === undefined) throw noClient(ClientId(id))
  if (!mayOver(authority, 'revocations:write', owner))
    throw mayOver(authority, 'clients:read', owner) ? lacking('revocations:write', owner) : noClient(client.id)
  return ClientId(id)
}

async function knownApi(context: ManagementContext, audience: string): Promise<Audience> {
  const apis = await loadApis(context)
  const api = apis.get(audience) ?? apis.unreadableOf(audience)
  if (api === undefined) throw noApi(audience)
  requireOverApi(context.authority, 'revocations:write', api)
  return Audience('problem' in api ? api.id : api.audience)
}

async function knownKey({ store, authority }: ManagementContext, kid: string): Promise<KeyId> {
  requireEverywhere(authority, 'revocations:write')
  const { found, unreadable } = await store.keys.listKeys()
  const kids: readonly string[] = [...found.map((key) => key.kid), ...unreadable.map(({ id }) => id)]
  if (!kids.includes(kid)) throw new NotFound(`there is no key ${kid}`)
  return KeyId(kid)
}
