import type { ManagementContext } from '../../src/management/context.ts'
import { recordedBy } from '../../src/management/context.ts'
import { ClientId } from '../../src/oauth/ids.ts'

/** Gives these clients and APIs to a manifest, by their ids and audiences. */
export async function giveTo(context: ManagementContext, manifest: string, ids: readonly string[]): Promise<void> {
  const { model } = context.store
  const { version, clients, apis } = await model.snapshot(ids.map(ClientId))
  const event = recordedBy(context, { type: 'manifest.apply', detail: { manifest } })
  const given = {
    clients: [...clients.values()].map((client) => ({ ...client, manifest })),
    apis: [...apis.values()].filter(({ audience }) => ids.includes(audience)).map((api) => ({ ...api, manifest })),
  }
  if (given.clients.length + given.apis.length !== ids.length) throw new Error('a client or an API is missing')
  if (!(await model.commit(version, { ...given, event }))) throw new Error('somebody else changed the model')
}
