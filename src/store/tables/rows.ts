import type { Insertable, Selectable } from 'kysely'
import { z } from 'zod'
import { type Api, requiredProofs, type Scope } from '../../model/api.ts'
import { type Change, changeKinds } from '../../model/changes/change.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { toCredentials } from '../../model/credentials/credential.ts'
import { signingAlgorithms } from '../../oauth/algorithms.ts'
import { clientAuthMethodNames } from '../../oauth/client-auth-methods.ts'
import { grantTypes } from '../../oauth/grant-types.ts'
import { Audience, ClientId, Jti, KeyId, type TenantId } from '../../oauth/ids.ts'
import { toListed, type Unreadable } from '../../platform/unreadable.ts'
import type { Revocation } from '../../tokens/revocation/store.ts'
import { json, readRow } from '../sql/read-row.ts'
import type { Schema } from '../sql/schema.ts'
import { type ReadableCredential, toCredential } from './credential-rows.ts'
import { endedColumn, fromEnded, toEnded } from './ended-rows.ts'

export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>
export type NewRow<Table extends keyof Schema> = Insertable<Schema[Table]>

/** A parser for every field. A field without one would be dropped silently. */
export type Fields<Thing, But = never> = Readonly<Record<Exclude<keyof Thing, But>, z.ZodType>>

export const text = z
  .string()
  .nullable()
  .transform((value) => value ?? undefined)
const flag = z.literal([0, 1]).transform((value) => value === 1)
export const texts = z.array(z.string())
export const claims = z.record(z.string(), z.unknown())
const seconds = z.number().int().positive()
const requiredProof = z
  .enum(requiredProofs)
  .nullable()
  .transform((proof) => proof ?? undefined)

const scope = z.object({
  name: z.string(),
  wildcard: z.boolean().exactOptional(),
  description: z.string().exactOptional(),
  common: z.boolean().exactOptional(),
  onRequest: z.boolean().exactOptional(),
  includes: texts.exactOptional(),
} satisfies Fields<Scope>)

/** The settings of an API. The column names them as the manifest does. */
const apiToken = z
  .object({
    preset: z.string().exactOptional(),
    format: z.enum(['jwt', 'sealed']).exactOptional(),
    algorithm: z.enum(signingAlgorithms).exactOptional(),
    typ: z.enum(['at+jwt', 'JWT']).exactOptional(),
    lifetime: seconds.exactOptional(),
    scope_claims: z.array(z.enum(['scope', 'scp'])).exactOptional(),
    claims: claims.exactOptional(),
    client_claims: z.record(z.string(), z.string()).exactOptional(),
  })
  .transform(({ scope_claims, client_claims, ...others }): Api['token'] => ({
    ...others,
    ...(scope_claims && { scopeClaims: scope_claims }),
    ...(client_claims && { clientClaims: client_claims }),
  }))

const fromApiToken = ({ scopeClaims, clientClaims, ...others }: Api['token']): string =>
  JSON.stringify({ ...others, scope_claims: scopeClaims, client_claims: clientClaims })

const apiRow: z.ZodType<Api> = z.object({
  audience: z.string().transform(Audience),
  name: text,
  owner: text,
  scopes: json(z.array(scope)),
  token: json(apiToken),
  require: requiredProof,
  manifest: text,
} satisfies Fields<Schema['api'], 'tenant' | 'created_at' | 'updated_at'>)

/** The owner of a row that may be unreadable otherwise. */
const manifestOf = ({ manifest }: Pick<Row<'api'>, 'manifest'>) => (typeof manifest === 'string' ? { manifest } : {})

export const toApi = (row: Row<'api'>): Api | Unreadable =>
  readRow(apiRow, row, { kind: 'api', id: row.audience, ...manifestOf(row) } as const)

export const fromApi = (tenant: TenantId, api: Api, now: number): NewRow<'api'> => ({
  tenant,
  audience: api.audience,
  name: api.name ?? null,
  owner: api.owner ?? null,
  scopes: JSON.stringify(api.scopes),
  token: fromApiToken(api.token),
  require: api.require ?? null,
  manifest: api.manifest ?? null,
  created_at: now,
  updated_at: now,
})

/** The member of a client's `token` that says that its tokens are bound to its certificate. */
export const CERTIFICATE_BOUND = { certificate_bound: true } as const

const grant = z.object({ api: z.string().transform(Audience), scopes: texts, defaultScopes: texts } satisfies Fields<
  Client['grants'][number]
>)

/** The column has one more setting than the client's `token`. */
const clientToken = z.object({
  lifetime: seconds.exactOptional(),
  claims: claims.exactOptional(),
  certificate_bound: z.literal(true).exactOptional(),
} satisfies Fields<Client['token'] & Partial<typeof CERTIFICATE_BOUND>>)

const clientFields = z.object({
  client_id: z.string().transform(ClientId),
  name: text,
  description: text,
  owner: text,
  tags: json(texts),
  enabled: flag,
  subject: text,
  grant_types: json(z.array(z.enum(grantTypes))),
  scopes: json(texts),
  default_scopes: json(texts),
  grants: json(z.array(grant)),
  default_api: text,
  metadata: json(claims),
  introspects: json(z.union([z.literal('all'), z.array(z.string().transform(Audience))])),
  restrict_scopes: flag,
  token: json(clientToken),
  authentication: json(
    z
      .object({
        methods: z.array(z.enum(clientAuthMethodNames)).exactOptional(),
        assertion_audience: z.enum(['issuer', 'compatible']).exactOptional(),
      })
      .transform(({ assertion_audience, ...others }): Client['authentication'] => ({
        ...others,
        ...(assertion_audience && { assertionAudience: assertion_audience }),
      })),
  ),
  require: requiredProof,
  ended: endedColumn,
  manifest: text,
} satisfies Fields<Schema['client'], 'tenant' | 'created_at' | 'updated_at'>)

/** The columns that a client is read from. */
export const clientColumns = clientFields.keyof().options

/** The row of a client, as far as it is read. */
export type ClientRow = Pick<Row<'client'>, (typeof clientColumns)[number]>

const clientRow = clientFields.transform(
  ({
    client_id,
    grant_types,
    default_scopes,
    default_api,
    restrict_scopes,
    token: { certificate_bound = false, ...token },
    ended,
    ...same
  }): Omit<Client, 'credentials'> => ({
    id: client_id,
    grantTypes: grant_types,
    defaultScopes: default_scopes,
    defaultApi: default_api === undefined ? undefined : Audience(default_api),
    restrictScopes: restrict_scopes,
    token,
    bindsToCertificate: certificate_bound,
    ...same,
    // Most clients have none of these, and then lack the field.
    ...(Object.keys(ended).length > 0 && { ended }),
  }),
)

export function toClient(row: ClientRow, rows: readonly ReadableCredential[]): Client | UnreadableClient {
  const { found, unreadable } = toListed(rows.map(toCredential))
  const credentials = toCredentials(found, unreadable)
  const client = readRow(clientRow, row, { kind: 'client', id: ClientId(row.client_id), ...manifestOf(row) } as const)
  return 'problem' in client ? { ...client, credentials, ended: toEnded(row.ended) } : { ...client, credentials }
}

const fromAuthentication = ({ assertionAudience, ...others }: Client['authentication']): string =>
  JSON.stringify({ ...others, assertion_audience: assertionAudience })

export const fromClient = (tenant: TenantId, client: Client, now: number): NewRow<'client'> => ({
  tenant,
  client_id: client.id,
  name: client.name ?? null,
  description: client.description ?? null,
  owner: client.owner ?? null,
  tags: JSON.stringify(client.tags),
  enabled: client.enabled ? 1 : 0,
  subject: client.subject ?? null,
  grant_types: JSON.stringify(client.grantTypes),
  scopes: JSON.stringify(client.scopes),
  default_scopes: JSON.stringify(client.defaultScopes),
  grants: JSON.stringify(client.grants),
  default_api: client.defaultApi ?? null,
  metadata: JSON.stringify(client.metadata),
  introspects: JSON.stringify(client.introspects),
  restrict_scopes: client.restrictScopes ? 1 : 0,
  token: JSON.stringify({ ...client.token, ...(client.bindsToCertificate && CERTIFICATE_BOUND) }),
  authentication: fromAuthentication(client.authentication),
  require: client.require ?? null,
  ended: fromEnded(client.id, client.ended),
  manifest: client.manifest ?? null,
  created_at: now,
  updated_at: now,
})

/** A time that never comes. */
const NEVER = Number.MAX_SAFE_INTEGER

/** This is written by hand for speed: there may be a million rows. */
export function toRevocation({ seq, kind, id, issued_before, expires_at }: Row<'revocation'>): Revocation | Unreadable {
  // If a time can't be read, the row revokes too much rather than too little.
  const expiresAt = typeof expires_at === 'number' ? expires_at : NEVER
  const issuedBefore = typeof issued_before === 'number' ? issued_before : expiresAt
  switch (kind) {
    case 'token':
      return { kind, id: Jti(id), expiresAt }
    case 'client':
      return { kind, id: ClientId(id), expiresAt, issuedBefore }
    case 'api':
      return { kind, id: Audience(id), expiresAt, issuedBefore }
    case 'key':
      return { kind, id: KeyId(id), expiresAt, issuedBefore }
    default:
      return { kind: 'revocation', id: String(seq), problem: 'kind is not what it should be' }
  }
}

export const fromRevocation = (revocation: Revocation): Omit<NewRow<'revocation'>, 'tenant' | 'seq'> => ({
  kind: revocation.kind,
  id: revocation.id,
  issued_before: 'issuedBefore' in revocation ? revocation.issuedBefore : null,
  expires_at: revocation.expiresAt,
})

/** Undefined if the row can't be read. */
export const toChange = ({ kind, id }: Row<'change'>): Change | undefined => {
  const known = changeKinds.find((one) => one === kind)
  return known && { kind: known, id: String(id) }
}
