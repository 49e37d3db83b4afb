import { z } from 'zod'
import { readYaml } from '../input/yaml.ts'
import { listClients } from '../management/clients/list.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import { isValid } from '../model/credentials/credential.ts'
import { systemClock } from '../platform/clock.ts'
import { LONGEST_FILE } from '../platform/files.ts'
import { UserError } from '../platform/user-error.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { managementContext, withDatabase } from './database.ts'
import { clientEffect } from './effects.ts'
import { inLines, type OutputOptions, show, textOf } from './format.ts'
import { withTarget } from './operate.ts'
import { print, printable, say } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'
import { type Column, printTable } from './table.ts'
import type { TargetOptions } from './target.ts'

interface ClientsOptions extends OutputOptions, ConfirmOptions, TargetOptions {}

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

/** A client in the answers of the admin API. */
const clientAnswer = z.looseObject({
  client_id: z.string(),
  enabled: z.boolean().optional(),
  status: z.looseObject({}),
})

const credentialsAnswer = z.looseObject({
  items: z.array(z.looseObject({ id: z.string(), kind: z.string().optional(), label: z.string() })),
})

/** `tessera clients show`: prints one client. */
export const clientsShow = (id: string, options: ClientsOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const path = { client_id: id }
    const { status, ...settings } = await target.call('clients.show', { path }, clientAnswer)
    const { items } = await target.call('credentials.of-client', { path }, credentialsAnswer)
    const credentials = items.map(({ id: credential, kind, label, unreadable }) => ({
      id: credential,
      kind,
      label,
      unreadable,
    }))
    const data = { ...settings, ...status, credentials }
    const asText = (client: typeof data) => JSON.stringify(client, undefined, 2)
    show(options, { data, asText, forPeople: () => print(asText(data)) })
  })

/** `tessera clients enable` and `disable`. Only the latter ends something. */
export const clientsEnable = (id: string, enabled: boolean, options: ClientsOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const path = { client_id: id }
    const { enabled: wasEnabled = true } = await target.call('clients.show', { path }, clientAnswer)
    if (!enabled) {
      const effect = [...(await clientEffect(target, id)), 'Its tokens end, even if it is enabled again.']
      await confirm({ action: `disable the client ${JSON.stringify(id)}`, effect }, options)
    }
    const operation = enabled ? 'clients.enable' : 'clients.disable'
    const { status, ...settings } = await target.call(operation, { path }, clientAnswer)
    show(options, { data: { ...settings, ...status }, forPeople: () => reportState(id, enabled, wasEnabled) })
  })

const madeClient = z.looseObject({
  client_id: z.string(),
  secrets: z.array(z.looseObject({ label: z.string(), secret: z.string() })).default([]),
})

/** `tessera clients create`: creates a client from a file, which describes it as a manifest does. */
export const clientsCreate = (id: string, { file, ...options }: ClientsOptions & { readonly file?: string }) =>
  withTarget(options, async (target) => {
    const given = file === undefined ? { credentials: [{}] } : await readSettingsFile(file)
    const body = { ...given, client_id: id }
    await target.make('clients.create', { body }, madeClient, ({ client_id: made, secrets }) => {
      const data = { client_id: made, secrets: secrets.map(({ label, secret }) => ({ label, secret })) }
      const lines = data.secrets.map(({ label, secret }) => `${printable(label)}\t${secret}`)
      return textOf(options, data) ?? [printable(`${made} is created`), ...lines].join('\n')
    })
  })

/** Reads the settings of a client: YAML or JSON. @throws UserError */
async function readSettingsFile(file: string): Promise<object> {
  const { value } = readYaml(nameOfInput(file), await readTextInput(file, LONGEST_FILE))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UserError(`${nameOfInput(file)} must be a mapping of the settings of one client`)
}

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
