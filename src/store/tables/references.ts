import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { ClientReferences } from '../../model/store.ts'
import { Audience, ClientId, type TenantId } from '../../oauth/ids.ts'
import { json, readRow } from '../sql/read-row.ts'
import type { Schema } from '../sql/schema.ts'
import { type Row, texts } from './rows.ts'

const COLUMNS = ['client_id', 'scopes', 'grants', 'default_api', 'introspects'] as const

const audiences = z.array(z.string().transform(Audience))

const referring = z
  .object({
    scopes: json(texts),
    grants: json(z.array(z.object({ api: z.string().transform(Audience) }))),
    default_api: z.string().nullable(),
    introspects: json(z.union([z.literal('all'), audiences])),
  })
  .transform(({ scopes, grants, default_api, introspects }) => ({
    scopes,
    apis: [
      ...grants.map(({ api }) => api),
      ...(default_api === null ? [] : [Audience(default_api)]),
      ...(introspects === 'all' ? [] : introspects),
    ],
  }))

/** The references of at most this many clients whose ids come after the given one. Those of unreadable clients are left out. */
export async function listReferences(db: Kysely<Schema>, tenant: TenantId, after: string, most: number) {
  const rows = await db
    .selectFrom('client')
    .select(COLUMNS)
    .where('tenant', '=', tenant)
    .where('client_id', '>', after)
    .orderBy('client_id')
    .limit(most)
    .execute()
  return { references: rows.flatMap(toReferences), next: rows.length < most ? undefined : rows.at(-1)?.client_id }
}

function toReferences(row: Pick<Row<'client'>, (typeof COLUMNS)[number]>): readonly ClientReferences[] {
  const read = readRow(referring, row, {})
  return 'problem' in read ? [] : [{ id: ClientId(row.client_id), ...read }]
}
