import { z } from 'zod'
import { readYaml } from '../input/yaml.ts'
import { LONGEST_FILE } from '../platform/files.ts'
import { UserError } from '../platform/user-error.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { clientEffect } from './effects.ts'
import { type FleetOptions, fleetQuery, given, type ManifestOptions, manifestQuery } from './fleet-options.ts'
import { inLines, type OutputOptions, show, textOf } from './format.ts'
import { withTarget } from './operate.ts'
import { print, printable, say } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'
import { expectedOf } from './secrets/expected.ts'
import type { SecretsOptions } from './secrets/option.ts'
import { type Column, printTable } from './table.ts'
import type { TargetOptions } from './target.ts'

interface ClientsOptions extends OutputOptions, ConfirmOptions, TargetOptions {}

const clientLine = z.looseObject({
  client_id: z.string(),
  name: z.string().optional(),
  owner: z.string().optional(),
  manifest: z.string().optional(),
  enabled: z.boolean().optional(),
  kinds: z.array(z.string()).optional(),
  auth_methods: z.array(z.string()).optional(),
  last_used: z.string().optional(),
  next_expiry: z.string().optional(),
  unreadable: z.string().optional(),
})

type ClientLine = z.output<typeof clientLine>

interface ListOptions extends ClientsOptions, FleetOptions, ManifestOptions {
  readonly search?: string
  readonly tag?: string
}

/** `tessera clients list`: prints the clients that the options choose. */
export const clientsList = (options: ListOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const query = {
      ...fleetQuery(options),
      ...manifestQuery(options),
      ...given({ search: options.search, tag: options.tag }),
    }
    const items = await target.list('clients.list', { query }, clientLine)
    show(options, { data: items, asText: inLines, forPeople: () => printTable(items, clientColumns) })
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
  secrets: z.array(z.looseObject({ label: z.string(), secret: z.string().optional() })).default([]),
})

interface CreateOptions extends ClientsOptions, SecretsOptions {
  readonly file?: string
}

/** `tessera clients create`: creates a client from a file, which describes it as a manifest does. */
export const clientsCreate = (id: string, { file, ...options }: CreateOptions) =>
  withTarget(options, async (target) => {
    const settings = file === undefined ? { credentials: [{}] } : await readSettingsFile(file)
    const body = { ...settings, client_id: id }
    await target.make('clients.create', { body }, madeClient, {
      expected: expectedOf(id, settings),
      secretsOf: secretsOfClient,
      asText: (client) => {
        const { client_id: made, secrets } = client
        const data = { client_id: made, secrets: secrets.map(({ label, secret }) => ({ label, secret })) }
        const lines = secretsOfClient(client).map(({ label, secret }) => `${printable(label)}\t${secret}`)
        return textOf(options, data) ?? [printable(`${made} is created`), ...lines].join('\n')
      },
    })
  })

const secretsOfClient = ({ client_id, secrets }: z.output<typeof madeClient>) =>
  secrets.flatMap(({ label, secret }) => (secret === undefined ? [] : [{ client_id, label, secret }]))

/** `tessera clients delete`: deletes a client for good. */
export const clientsDelete = (id: string, options: ClientsOptions & { readonly takeOver?: true }): Promise<void> =>
  withTarget(options, async (target) => {
    const effect = [...(await clientEffect(target, id)), 'Its credentials and tokens end.']
    await confirm({ action: `delete the client ${JSON.stringify(id)}`, effect }, options)
    const query = given({ take_over: options.takeOver && 'true' })
    await target.call('clients.delete', { path: { client_id: id }, query }, z.undefined())
    show(options, { data: { client_id: id }, forPeople: () => print(`${printable(id)} is deleted`) })
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

const clientColumns: readonly Column<ClientLine>[] = [
  { heading: 'CLIENT', of: ({ client_id: id }) => id, isWhole: true },
  { heading: 'NAME', of: ({ name }) => name },
  { heading: 'OWNER', of: ({ owner }) => owner },
  { heading: 'MANIFEST', of: ({ manifest }) => manifest },
  {
    heading: 'STATE',
    of: ({ enabled, unreadable }) =>
      unreadable === undefined ? (enabled ? 'enabled' : 'disabled') : `can't be read: ${unreadable}`,
    style: ({ enabled, unreadable }) => (unreadable !== undefined ? 'red' : enabled ? undefined : 'yellow'),
  },
  { heading: 'CREDENTIALS', of: ({ kinds }) => kinds && (kinds.join(', ') || 'none') },
  { heading: 'METHODS', of: ({ auth_methods: methods }) => methods?.join(', ') },
  { heading: 'LAST USED', of: ({ last_used: used }) => used, kind: 'time' },
  { heading: 'NEXT EXPIRY', of: ({ next_expiry: next }) => next, kind: 'time' },
]
