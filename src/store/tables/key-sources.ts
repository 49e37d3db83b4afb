import type { KeySource, KeySourceStore } from '../../model/directory/key-sources.ts'
import type { ClientId, TenantId } from '../../oauth/ids.ts'
import type { Database } from '../sql/dialect.ts'
import { toCredential } from './credential-rows.ts'
import type { Row } from './rows.ts'

export class SqlKeySourceStore implements KeySourceStore {
  readonly #db: Database['scans']
  readonly #tenant: TenantId

  constructor({ scans }: Pick<Database, 'scans'>, tenant: TenantId) {
    this.#db = scans
    this.#tenant = tenant
  }

  async list(after: string, most: number) {
    const rows = await this.#db
      .selectFrom('credential')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('id', '>', after)
      .orderBy('id')
      .limit(most)
      .execute()
    return { sources: sourcesOf(rows), next: rows.length < most ? undefined : rows.at(-1)?.id }
  }

  async ofClients(ids: readonly ClientId[]): Promise<readonly KeySource[]> {
    if (ids.length === 0) return []
    const rows = await this.#db
      .selectFrom('credential')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('client_id', 'in', ids)
      .execute()
    return sourcesOf(rows)
  }
}

function sourcesOf(rows: readonly Row<'credential'>[]): readonly KeySource[] {
  return rows.flatMap((row): readonly KeySource[] => {
    if (row.kind !== 'keys' && row.kind !== 'federated') return []
    const credential = toCredential(row)
    if ('problem' in credential) return []
    if (credential.kind === 'federated') {
      const { issuer, jwksUri, jwks } = credential.trust
      return jwks === undefined ? [{ issuer, jwksUri }] : []
    }
    return credential.kind === 'keys' && 'jwksUri' in credential.source ? [{ jwksUri: credential.source.jwksUri }] : []
  })
}
