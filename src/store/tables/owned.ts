import type { Kysely } from 'kysely'
import type { OwnedThing } from '../../model/store.ts'
import { Audience, ClientId, type TenantId } from '../../oauth/ids.ts'
import type { Schema } from '../sql/schema.ts'

/** At most this many things that a manifest owns, after the given one: the APIs first, then the clients. */
export async function ownedBy(
  db: Kysely<Schema>,
  tenant: TenantId,
  manifest: string,
  after: OwnedThing | undefined,
  most: number,
): Promise<readonly OwnedThing[]> {
  const behind = (kind: OwnedThing['kind']): string => (after?.kind === kind ? after.id : '')
  const apis =
    after?.kind === 'client'
      ? []
      : await db
          .selectFrom('api')
          .select('audience')
          .where('tenant', '=', tenant)
          .where('manifest', '=', manifest)
          .where('audience', '>', behind('api'))
          .orderBy('audience')
          .limit(most)
          .execute()
  const clients =
    apis.length === most
      ? []
      : await db
          .selectFrom('client_use')
          .select('client_id')
          .where('tenant', '=', tenant)
          .where('manifest', '=', manifest)
          // The empty name stands for none here.
          .where('manifest', '<>', '')
          .where('client_id', '>', behind('client'))
          .orderBy('client_id')
          .limit(most - apis.length)
          .execute()
  return [
    ...apis.map((row): OwnedThing => ({ kind: 'api', id: Audience(row.audience) })),
    ...clients.map((row): OwnedThing => ({ kind: 'client', id: ClientId(row.client_id) })),
  ]
}
