import { systemEvent } from '../audit/system-event.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import { isValid } from '../model/credentials/credential.ts'
import { ClientId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { UserError } from '../platform/user-error.ts'
import { type Opened, withDatabase } from './database.ts'
import { print, printable, say } from './output.ts'

interface ClientsOptions {
  readonly json?: true
  readonly config?: string
}

const PAGE = 500

/** `tessera clients list`: every client, a line each, and in one array for who asks for JSON. */
export const clientsList = ({ json, config }: ClientsOptions): Promise<void> =>
  withDatabase(config, async ({ store }) => {
    const lines: string[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: readonly (Client | UnreadableClient)[] = await store.directory.listClients(after, PAGE)
      lines.push(...page.map((client) => (json ? JSON.stringify(asJson(client)) : asLine(client))))
      after = page.length < PAGE ? undefined : page.at(-1)?.id
    }
    if (json) print(`[${lines.join(',\n')}]`)
    else for (const line of lines) print(line)
  })

/** `tessera clients show`: one client, as it stands. */
export const clientsShow = (id: string, { config }: ClientsOptions): Promise<void> =>
  withDatabase(config, async ({ store }) => {
    const client = await store.directory.loadClient(ClientId(id))
    if (client === undefined) throw noClient(id)
    print(JSON.stringify(asJson(client), undefined, 2))
  })

/** `tessera clients enable` and `disable`. */
export const clientsEnable = (id: string, enabled: boolean, { json, config }: ClientsOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const { client, wasEnabled } = await setEnabled(opened, ClientId(id), enabled)
    if (json) return print(JSON.stringify(asJson(client)))
    print(`${printable(id)} is ${enabled ? 'enabled' : 'disabled'}`)
    if (wasEnabled === enabled) return
    if (enabled) return say('Within a second, it can get tokens. Its earlier tokens stay inactive.')
    say('Within a second, it gets no more tokens, and introspection reports its earlier tokens as inactive, for good.')
    say('APIs that verify by themselves accept them until they expire.')
  })

interface Outcome {
  readonly client: Client
  readonly wasEnabled: boolean
}

async function setEnabled({ store }: Opened, id: ClientId, enabled: boolean): Promise<Outcome> {
  for (;;) {
    const { version, clients, unreadableClients } = await store.model.snapshot([id])
    const before = clients.get(id)
    const unreadable = unreadableClients.get(id)
    if (unreadable !== undefined) {
      throw new UserError(
        `${id} can't be read (${unreadable.problem}), and gets nothing: apply a manifest that names it; tessera revoke --client ends its tokens`,
      )
    }
    if (before === undefined) throw noClient(id)
    const wasEnabled = before.enabled
    if (enabled ? wasEnabled : before.ended?.disabledAt !== undefined) return { client: before, wasEnabled }
    const client = setEnabledIn(before, enabled)
    const event = {
      ...systemEvent('client.change', { enabled }, { clock: systemClock, random: systemRandom }),
      clientId: id,
    }
    if (await store.model.commit(version, { apis: [], clients: [client], event })) return { client, wasEnabled }
  }
}

/** A client that a command has disabled says so: no manifest enables it again. */
function setEnabledIn({ ended = {}, ...client }: Client, enabled: boolean): Client {
  const { disabledAt: _, ...others } = ended
  const after = enabled ? others : { ...others, disabledAt: systemClock.now() }
  return { ...client, enabled, ...(Object.keys(after).length > 0 && { ended: after }) }
}

const noClient = (id: string): UserError => new UserError(`there is no client ${JSON.stringify(id)}`)

/** Without what its credentials are checked with. */
function asJson(client: Client | UnreadableClient) {
  if ('problem' in client) return { client_id: client.id, unreadable: client.problem }
  const { id, credentials, grantTypes, restrictScopes, defaultScopes, grants, ...others } = client
  const { defaultApi, authentication, bindsToCertificate, ended, ...rest } = others
  return {
    client_id: id,
    ...rest,
    ...(ended?.disabledAt !== undefined && { disabled_at: new Date(ended.disabledAt).toISOString() }),
    grant_types: grantTypes,
    restrict_scopes: restrictScopes,
    default_scopes: defaultScopes,
    grants: grants.map(({ defaultScopes: defaults, ...grant }) => ({ ...grant, default_scopes: defaults })),
    default_api: defaultApi,
    tls_client_certificate_bound_access_tokens: bindsToCertificate,
    ...(authentication.methods && { auth_methods: authentication.methods }),
    ...(authentication.assertion_audience && { assertion_audience: authentication.assertion_audience }),
    credentials: [
      ...credentials.all.map(({ id: credential, kind, label }) => ({ id: credential, kind, label })),
      ...credentials.unreadable.map(({ id: credential, label, problem }) => ({
        id: credential,
        label,
        unreadable: problem,
      })),
    ],
    ...(ended?.credentials && {
      removed_credentials: ended.credentials.map(({ credential: { kind, label }, removedAt }) => ({
        kind,
        label,
        removed: new Date(removedAt).toISOString(),
      })),
    }),
  }
}

function asLine(client: Client | UnreadableClient): string {
  if ('problem' in client) return printable(`${client.id}  can't be read: ${client.problem}`)
  const { id, name, enabled, credentials } = client
  const valid = credentials.all.filter((credential) => isValid(credential, systemClock.now()))
  const unreadable = credentials.unreadable.length > 0 ? ['one that can not be read'] : []
  const kinds = [...new Set(valid.map(({ kind }) => kind)), ...unreadable].join(', ') || 'no credential'
  return printable(
    [id, ...(name === undefined ? [] : [JSON.stringify(name)]), ...(enabled ? [] : ['disabled']), kinds].join('  '),
  )
}
