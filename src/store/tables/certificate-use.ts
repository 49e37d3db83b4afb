import { type Kysely, sql } from 'kysely'
import type { RequiredProof } from '../../model/api.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import type { CertificateUseStore } from '../../model/directory/certificate-use.ts'
import type { ClientId, TenantId } from '../../oauth/ids.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { CERTIFICATE_BOUND } from './rows.ts'

// These are literals, since only then does a database see that the indexes of `0011-tenants` have every such row.
const REQUIRED = (['certificate_bound', 'sender_constrained'] as const satisfies readonly RequiredProof[]).map(
  (proof) => sql.lit(proof),
)
/** Matches the one member in the text of a client's `token`. A claim of this name would match too, which does no harm. */
const BOUND = sql.lit(`%${JSON.stringify(CERTIFICATE_BOUND).slice(1, -1)}%`)
const CERTIFICATE = sql.lit('certificate' satisfies Credential['kind'])

export class SqlCertificateUseStore implements CertificateUseStore {
  readonly #db: Kysely<Schema>
  readonly #tenant: TenantId

  constructor(db: Kysely<Schema>, tenant: TenantId) {
    this.#db = db
    this.#tenant = tenant
  }

  async usesCertificates(clients?: readonly ClientId[]): Promise<boolean> {
    const api = await this.#db
      .selectFrom('api')
      .select('audience')
      .where('tenant', '=', this.#tenant)
      .where('require', 'in', REQUIRED)
      .executeTakeFirst()
    if (api !== undefined) return true
    if (clients === undefined) return this.#isUsedBy(undefined)
    for (const some of inParts(clients)) if (await this.#isUsedBy(some)) return true
    return false
  }

  async #isUsedBy(clients: readonly ClientId[] | undefined): Promise<boolean> {
    const requiring = await this.#db
      .selectFrom('client')
      .select('client_id')
      .where('tenant', '=', this.#tenant)
      // The client may require bound tokens, or may have the setting that binds them.
      .where((where) => where.or([where('require', 'in', REQUIRED), where('token', 'like', BOUND)]))
      .$if(clients !== undefined, (query) => query.where('client_id', 'in', clients ?? []))
      .limit(1)
      .executeTakeFirst()
    if (requiring !== undefined) return true
    const having = await this.#db
      .selectFrom('credential')
      .select('client_id')
      .where('tenant', '=', this.#tenant)
      .where('kind', '=', CERTIFICATE)
      .$if(clients !== undefined, (query) => query.where('client_id', 'in', clients ?? []))
      .limit(1)
      .executeTakeFirst()
    return having !== undefined
  }
}
