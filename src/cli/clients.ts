import { disableClient } from '../management/clients/disable.ts'
import { enableClient } from '../management/clients/enable.ts'
import { listClients } from '../management/clients/list.ts'
import { showClient } from '../management/clients/show.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import { isValid } from '../model/credentials/credential.ts'
import { ClientId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { managementContext, withDatabase } from './database.ts'
import { clientEffect } from './effects.ts'
import { inLines, type OutputOptions, show } from './format.ts'
import { print, printable, say } from './output.ts'
import { type Column, printTable } from './table.ts'

interface ClientsOptions extends OutputOptions, ConfirmOptions {
  readonly config?: string
}

type Listed = Client | UnreadableClient

/** `tessera clients list`: prints every client. */
export const clientsList = ({ config, ...output }: ClientsOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const clients: Listed[] = []
    for await (const client of listClients(managementContext(opened))) clients.push(client)
    show(output, {
      data: clients.map(asJson),
      asText: inLines,
      forPeople: () => printTable(clients, clientColumns),
    })
  })

/** `tessera clients show`: prints one client. */
export const clientsShow = (id: string, { config, ...output }: ClientsOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const data = asJson(await showClient(managementContext(opened), ClientId(id)))
    const asText = (client: typeof data) => JSON.stringify(client, undefined, 2)
    show(output, { data, asText, forPeople: () => print(asText(data)) })
  })

/** `tessera clients enable` and `disable`. Only the latter ends something. */
export const clientsEnable = (id: string, enabled: boolean, { config, ...options }: ClientsOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = managementContext(opened)
    if (!enabled) {
      const effect = [...(await clientEffect(context, ClientId(id))), 'Its tokens end, even if it is enabled again.']
      await confirm({ action: `disable the client ${JSON.stringify(id)}`, effect }, options)
    }
    const change = enabled ? enableClient : disableClient
    const { client, wasEnabled } = await change(context, ClientId(id))
    show(options, { data: asJson(client), forPeople: () => reportState(id, enabled, wasEnabled) })
  })

function reportState(id: string, enabled: boolean, wasEnabled: boolean): void {
  print(`${printable(id)} is ${enabled ? 'enabled' : 'disabled'}`)
  if (wasEnabled === enabled) return
  if (enabled) {
    say('It can get tokens within one second. Its earlier tokens stay inactive.')
    return
  }
  say('Within one second, it gets no more tokens, and introspection reports its earlier tokens as inactive, for good.')
  say('APIs that verify tokens themselves accept them until they expire.')
}

/** A client as JSON, without hashes, keys and other data of its credentials. */
function asJson(client: Listed) {
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

const clientColumns: readonly Column<Listed>[] = [
  { heading: 'CLIENT', of: ({ id }) => id, isWhole: true },
  { heading: 'NAME', of: (client) => ('problem' in client ? undefined : client.name) },
  { heading: 'OWNER', of: (client) => ('problem' in client ? undefined : client.owner) },
  {
    heading: 'STATE',
    of: (client) => ('problem' in client ? `can't be read: ${client.problem}` : stateOf(client)),
    style: (client) => ('problem' in client ? 'red' : client.enabled ? undefined : 'yellow'),
  },
  { heading: 'CREDENTIALS', of: (client) => ('problem' in client ? undefined : kindsOf(client)) },
]

const stateOf = ({ enabled }: Client): string => (enabled ? 'enabled' : 'disabled')

function kindsOf({ credentials }: Client): string {
  const valid = credentials.all.filter((credential) => isValid(credential, systemClock.now()))
  const unreadable = credentials.unreadable.length > 0 ? ["one that can't be read"] : []
  return [...new Set(valid.map(({ kind }) => kind)), ...unreadable].join(', ') || 'none'
}
