import { disableClient } from '../management/clients/disable.ts'
import { enableClient } from '../management/clients/enable.ts'
import { listClients } from '../management/clients/list.ts'
import { showClient } from '../management/clients/show.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import { isValid } from '../model/credentials/credential.ts'
import { ClientId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { managementContext, withDatabase } from './database.ts'
import { print, printable, say } from './output.ts'

interface ClientsOptions {
  readonly json?: true
  readonly reason?: string
  readonly config?: string
}

/** `tessera clients list`: prints every client, one line each; with `--json`, in one array. */
export const clientsList = ({ json, config }: ClientsOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const lines: string[] = []
    for await (const client of listClients(managementContext(opened)))
      lines.push(json ? JSON.stringify(asJson(client)) : asLine(client))
    if (json) print(`[${lines.join(',\n')}]`)
    else for (const line of lines) print(line)
  })

/** `tessera clients show`: prints one client. */
export const clientsShow = (id: string, { config }: ClientsOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    print(JSON.stringify(asJson(await showClient(managementContext(opened), ClientId(id))), undefined, 2))
  })

/** `tessera clients enable` and `disable`. */
export const clientsEnable = (id: string, enabled: boolean, { json, reason, config }: ClientsOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const change = enabled ? enableClient : disableClient
    const { client, wasEnabled } = await change(managementContext(opened, { reason }), ClientId(id))
    if (json) return print(JSON.stringify(asJson(client)))
    print(`${printable(id)} is ${enabled ? 'enabled' : 'disabled'}`)
    if (wasEnabled === enabled) return
    if (enabled) return say('It can get tokens within one second. Its earlier tokens stay inactive.')
    say(
      'Within one second, it gets no more tokens, and introspection reports its earlier tokens as inactive, for good.',
    )
    say('APIs that verify tokens themselves accept them until they expire.')
  })

/** A client as JSON, without hashes, keys and other data of its credentials. */
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
    ...(authentication.assertionAudience && { assertion_audience: authentication.assertionAudience }),
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
