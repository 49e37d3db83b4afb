import { z } from 'zod'
import { showApi } from '../../management/apis/show.ts'
import { ownersFor } from '../../management/authority/authority.ts'
import { showClient } from '../../management/clients/show.ts'
import { exportApi, exportApis } from '../../management/manifest/exporting/export-apis.ts'
import { exportClient, exportClients } from '../../management/manifest/exporting/export-clients.ts'
import type { Exported } from '../../management/manifest/exporting/exported.ts'
import { apiSchema } from '../../management/schemas/api.ts'
import { clientSettingsSchema } from '../../management/schemas/client.ts'
import { ofApi } from './apis.ts'
import { ofClient } from './clients.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { flag, manifestFilter, manifestParameters, place } from './listing.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const api = apiSchema.partial().required({ audience: true })
const client = clientSettingsSchema
  .partial()
  .required({ client_id: true })
  .extend({ credentials: z.array(z.looseObject({})).optional().describe('Its credentials, without secrets.') })

/** The answer about one thing. */
const exported = <Entry extends z.ZodType>(entry: Entry) =>
  z.strictObject({
    entry: entry.optional().describe('As in a manifest, without defaults. Absent if the record can not be read.'),
    manifest: z.string().optional().describe('The manifest that owns it.'),
    notes: z
      .array(
        z.strictObject({
          credential: z.int().optional().describe('The index of the credential that the note is about.'),
          text: z.string(),
        }),
      )
      .describe('Things that a manifest can not say, such as what was left out.'),
  })

const exportedApi = exported(api)
const exportedClient = exported(client)

const filters = {
  owner: z.array(z.string().min(1).max(256)).max(1_000).optional().describe('Only things of these owners.'),
  no_owner: flag.optional().describe('Only things that nobody owns.'),
  ...manifestParameters,
} as const

type Asked = z.output<z.ZodObject<typeof filters>>

const filterOf = (asked: Asked) => ({
  owners: asked.owner,
  hasNoOwner: asked.no_owner ? (true as const) : undefined,
  ...manifestFilter(asked),
})

const body = ({ entry, manifest, notes }: Exported) => ({ entry, manifest, notes })

const apiExample = { entry: { audience: 'https://api.example.com', scopes: [{ name: 'read' }] }, notes: [] }
const clientExample = {
  entry: { client_id: 'billing', scopes: ['read'], credentials: [{ label: 'first' }] },
  manifest: 'payments',
  notes: [{ credential: 0, text: 'made by a command' }],
}

/** The model as entries of a manifest, of which `tessera export` makes files. */
export const exportOperations = [
  operation({
    id: 'export.apis',
    method: 'GET',
    path: '/export/apis',
    summary: 'Export APIs as entries of a manifest',
    access: 'apis:read',
    ...noParameters,
    query: z.strictObject({ ...filters, ...pageParameters }),
    ...noBody,
    answer: z.strictObject({ items: z.array(exportedApi), next: z.string().optional() }),
    commands: ['export'],
    example: { query: { manifest: 'orders' }, answer: { items: [apiExample] } },
    run: async ({ management, cursors }, { query }) => {
      const page = pageOf(cursors, 'export-apis', query, place)
      const { items, next } = await exportApis(management, ownersFor(management.authority, 'apis:read'), {
        filter: filterOf(query),
        sort: 'audience',
        after: page.after,
        most: page.limit,
      })
      return { body: page.body({ entries: items.map(body), next }), state: null }
    },
  }),
  operation({
    id: 'export.clients',
    method: 'GET',
    path: '/export/clients',
    summary: 'Export clients and their credentials, without secrets, as entries of a manifest',
    access: 'clients:read',
    ...noParameters,
    query: z.strictObject({ ...filters, ...pageParameters }),
    ...noBody,
    answer: z.strictObject({ items: z.array(exportedClient), next: z.string().optional() }),
    commands: ['export'],
    example: { query: { owner: 'payments' }, answer: { items: [clientExample] } },
    run: async ({ management, cursors }, { query }) => {
      const page = pageOf(cursors, 'export-clients', query, place)
      const { items, next } = await exportClients(management, ownersFor(management.authority, 'clients:read'), {
        filter: filterOf(query),
        sort: 'id',
        after: page.after,
        most: page.limit,
      })
      return { body: page.body({ entries: items.map(body), next }), state: null }
    },
  }),
  operation({
    id: 'export.api',
    method: 'GET',
    path: '/export/apis/{audience}',
    summary: 'Export an API as an entry of a manifest',
    access: 'apis:read',
    ...ofApi,
    ...noQuery,
    ...noBody,
    answer: exportedApi,
    commands: ['export'],
    example: { path: { audience: 'https://api.example.com' }, answer: apiExample },
    run: async ({ management }, { path }) => ({
      body: body(exportApi(await showApi(management, path.audience))),
      state: null,
    }),
  }),
  operation({
    id: 'export.client',
    method: 'GET',
    path: '/export/clients/{client_id}',
    summary: 'Export a client and its credentials, without secrets, as an entry of a manifest',
    access: 'clients:read',
    ...ofClient,
    ...noQuery,
    ...noBody,
    answer: exportedClient,
    commands: ['export'],
    example: { path: { client_id: 'billing' }, answer: clientExample },
    run: async ({ management }, { path }) => {
      const found = await showClient(management, path.client_id)
      return { body: body(exportClient(found, management.clock.now())), state: null }
    },
  }),
]
