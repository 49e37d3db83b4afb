import type { Client, UnreadableClient } from '../../model/client.ts'
import type { ManagementContext } from '../context.ts'

/** The number of clients that are read at a time. */
const PAGE = 500

/** Every client, by id. Clients that are added or removed meanwhile may be listed or not. */
export async function* listClients(context: ManagementContext): AsyncGenerator<Client | UnreadableClient> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: readonly (Client | UnreadableClient)[] = await context.store.directory.listClients(after, PAGE)
    yield* page
    after = page.length < PAGE ? undefined : page.at(-1)?.id
  }
}
