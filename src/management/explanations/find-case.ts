import { actorInWords } from '../../audit/actor.ts'
import type { StoredAuditEvent } from '../../audit/store.ts'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { hasDigest, isValid } from '../../model/credentials/credential.ts'
import { nameOf } from '../../model/credentials/life.ts'
import type { UsedCredential } from '../../model/credentials/status.ts'
import type { OwnedCredential } from '../../model/credentials/store.ts'
import { ClientId, LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import { nearest } from '../../platform/nearest.ts'
import { accessOf } from '../../policy/scopes.ts'
import { loadApis } from '../apis/show.ts'
import { mayOver } from '../authority/authority.ts'
import { maySee } from '../clients/show.ts'
import type { ManagementContext } from '../context.ts'
import { ANY_CASE, type Case, MOST_SEARCHED } from './advice/case.ts'

/** Clients that are compared with a misspelt id, at each of three places in their order. */
const MOST_COMPARED = 500

/** The secrets that are looked for in one explanation of several events. Each may take a look at every credential. */
const MOST_SOUGHT = 5

/** Finds the credential of a generated secret, by the start of its digest. */
export type SecretSearch = (digest: string) => Promise<OwnedCredential | undefined>

/** A search that looks once for each of the last secrets in some events, and for no other. */
export function secretSearch({ store }: ManagementContext, events: readonly StoredAuditEvent[]): SecretSearch {
  const sought = [...new Set(events.flatMap(({ detail }) => digestIn(detail) ?? []))].slice(-MOST_SOUGHT)
  const found = new Map<string, ReturnType<SecretSearch>>()
  return async (digest) => {
    if (!sought.includes(digest)) return undefined
    const search = found.get(digest) ?? store.credentials.findSecret(digest)
    found.set(digest, search)
    return search
  }
}

/** Finds the present state of everything that a refusal concerns. */
export async function findCase(
  context: ManagementContext,
  event: StoredAuditEvent,
  search: SecretSearch,
): Promise<Case> {
  const { clientId, detail, at, reason } = event
  const record = await loadClient(context, clientId)
  const credentials = record === undefined ? [] : ((await listUsed(context, record.id)) ?? [])
  return {
    client: clientId ?? ANY_CASE.client,
    record,
    credentials,
    credential: credentialName(event, credentials),
    apis: await visibleApis(context, record),
    detail,
    at,
    similar: record === undefined && clientId !== undefined ? await similarClient(context, clientId) : undefined,
    secretOf: await secretOwner(context, event, { record, credentials, search }),
    disabled: reason === 'client_disabled' && record !== undefined ? await lastDisabled(context, record.id) : undefined,
  }
}

const loadClient = async (
  { store }: ManagementContext,
  id: string | undefined,
): Promise<Client | UnreadableClient | undefined> =>
  id === undefined || id.length > LONGEST_CLIENT_ID ? undefined : store.directory.loadClient(ClientId(id))

/** The APIs that the author may see, and those at which the client may be granted something. */
async function visibleApis(context: ManagementContext, record: Client | UnreadableClient | undefined): Promise<ApiSet> {
  const apis = await loadApis(context)
  const accessTo = record === undefined || 'problem' in record ? undefined : accessOf(record, apis)
  const isVisible = (api: Api) =>
    mayOver(context.authority, 'apis:read', api.owner) || accessTo?.(api).isPossible === true
  return new ApiSet(apis.all.filter(isVisible))
}

const listUsed = async ({ store }: ManagementContext, id: ClientId): Promise<readonly UsedCredential[] | undefined> =>
  (await store.credentials.listCredentials(id))?.found

/** The members of a detail that name a credential. */
const NAMING = ['credential', 'unreadable_credential'] as const

/** The label of the credential that an event names, or its id; a placeholder if it names none. */
function credentialName({ detail }: StoredAuditEvent, credentials: readonly UsedCredential[]): string {
  const id = NAMING.map((name) => detail[name]).find((value) => typeof value === 'string')
  if (id === undefined) return ANY_CASE.credential
  const found = credentials.find(({ credential }) => credential.id === id)
  return found === undefined || found.credential.label === '' ? id : found.credential.label
}

/** The most similar id among the clients near the misspelt one. A tenant may have too many clients to compare all. */
async function similarClient(context: ManagementContext, id: string): Promise<string | undefined> {
  const places = new Set(['', id.slice(0, 1), id.slice(0, Math.ceil(id.length / 2))])
  const ids = new Set<string>()
  for (const after of places) {
    for (const client of await context.store.model.listClients(after, MOST_COMPARED)) {
      if (maySee(context, client)) ids.add(client.id)
    }
  }
  return nearest(id, [...ids])
}

/** The credential of the generated secret that came. A client may send the secret of another, or one that was removed. */
async function secretOwner(
  context: ManagementContext,
  { detail }: StoredAuditEvent,
  { record, credentials, search }: Pick<Case, 'record' | 'credentials'> & { readonly search: SecretSearch },
): Promise<Case['secretOf']> {
  const digest = digestIn(detail)
  if (digest === undefined) return undefined
  if (record?.ended !== undefined && record.ended !== 'unreadable') {
    const { credentials: removed = [], revoked = [] } = record.ended
    const gone = [
      ...removed.map(({ credential, removedAt }) => ({ credential, state: `removed on ${iso(removedAt)}` })),
      ...revoked.map((credential) => ({ credential, state: 'revoked' })),
    ].find(({ credential }) => hasDigest(credential, digest))
    if (gone !== undefined) return { client: record.id, credential: nameOf(gone.credential), state: gone.state }
  }
  const own = credentials.find(({ credential }) => hasDigest(credential, digest))?.credential
  const found =
    record !== undefined && own !== undefined ? { clientId: record.id, credential: own } : await search(digest)
  if (found === undefined) return undefined
  // The author may have rights over the client of the request alone.
  const owner = own === undefined ? await loadClient(context, found.clientId) : record
  if (owner === undefined || !maySee(context, owner)) return undefined
  const { clientId, credential } = found
  const ended = credential.revokedAt === undefined ? 'expired' : 'revoked'
  return {
    client: clientId,
    credential: nameOf(credential),
    state: isValid(credential, context.clock.now()) ? 'valid' : ended,
  }
}

/** The start of the digest of a generated secret that came. */
function digestIn({ received }: StoredAuditEvent['detail']): string | undefined {
  const digest = typeof received === 'object' && received !== null && 'digest' in received ? received.digest : undefined
  return typeof digest === 'string' && /^[\w-]{16}$/.test(digest) ? digest : undefined
}

/** The last event that disabled a client, if it is among its last events. */
async function lastDisabled({ store }: ManagementContext, id: ClientId): Promise<Case['disabled']> {
  const events = await store.audit.listEvents({ clientId: id, limit: MOST_SEARCHED })
  const event = events.findLast(({ changes }) =>
    changes?.things.some(
      ({ thing, id: changed, after }) => thing === 'client' && changed === id && after?.['enabled'] === false,
    ),
  )
  if (event?.actor === undefined) return undefined
  return { at: new Date(event.at).toISOString(), by: actorInWords(event.actor) }
}
