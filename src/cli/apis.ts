import { z } from 'zod'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { apiEffect } from './effects.ts'
import { type FleetOptions, fleetQuery, given, type ManifestOptions, manifestQuery } from './fleet-options.ts'
import { inLines, type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { print, printable, say } from './output.ts'
import { type Column, printTable } from './table.ts'
import type { TargetOptions } from './target.ts'

interface ApisOptions extends OutputOptions, ConfirmOptions, TargetOptions {}

const api = z.looseObject({
  audience: z.string(),
  name: z.string().optional(),
  owner: z.string().optional(),
  manifest: z.string().optional(),
  scopes: z.array(z.looseObject({ name: z.string() })).optional(),
  unreadable: z.string().optional(),
})

interface ListOptions extends ApisOptions, FleetOptions, ManifestOptions {
  readonly search?: string
}

/** `tessera apis list`: prints APIs. */
export const apisList = (options: ListOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const query = { ...fleetQuery(options), ...manifestQuery(options), ...given({ search: options.search }) }
    const items = await target.list('apis.list', { query }, api)
    show(options, { data: items, asText: inLines, forPeople: () => printTable(items, apiColumns) })
  })

const apiColumns: readonly Column<z.output<typeof api>>[] = [
  { heading: 'AUDIENCE', of: ({ audience }) => audience, isWhole: true },
  { heading: 'NAME', of: ({ name, unreadable }) => (unreadable === undefined ? name : `can't be read: ${unreadable}`) },
  { heading: 'OWNER', of: ({ owner }) => owner },
  { heading: 'MANIFEST', of: ({ manifest }) => manifest },
  { heading: 'SCOPES', of: ({ scopes }) => scopes?.map(({ name }) => name).join(', ') },
]

/** `tessera apis show`: prints one API with its scopes. */
export const apisShow = (audience: string, options: ApisOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const data = await target.call('apis.show', { path: { audience } }, api)
    const asText = (one: typeof data) => JSON.stringify(one, undefined, 2)
    show(options, { data, asText, forPeople: () => print(asText(data)) })
  })

const deleted = z.looseObject({ changed_clients: z.int() })

interface DeleteOptions extends ApisOptions {
  readonly withGrants?: true
  readonly takeOver?: true
}

/** `tessera apis delete`: deletes an API for good. */
export const apisDelete = (audience: string, options: DeleteOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const kept = options.withGrants
      ? 'It is taken out of the clients that refer to it.'
      : 'Clients that refer to it keep it from being deleted: --with-grants takes it out of them.'
    const effect = [...(await apiEffect(target, audience)), kept]
    await confirm({ action: `delete the API ${JSON.stringify(audience)}`, effect }, options)
    const query = given({ with_grants: options.withGrants && 'true', take_over: options.takeOver && 'true' })
    const data = await target.call('apis.delete', { path: { audience }, query }, deleted)
    show(options, {
      data: { audience, ...data },
      forPeople: () => {
        print(`${printable(audience)} is deleted`)
        if (options.withGrants) say(`It was taken out of ${data.changed_clients} clients.`)
      },
    })
  })
