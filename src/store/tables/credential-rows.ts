import type { Selectable } from 'kysely'
import { z } from 'zod'
import { asymmetricAlgorithms } from '../../crypto/jws/algorithms.ts'
import { type CertificateMatcher, parseMatcher } from '../../model/credentials/certificate-subject.ts'
import type {
  Credential,
  CredentialLife,
  KeysCredential,
  UnreadableCredential,
} from '../../model/credentials/credential.ts'
import type { FederatedTrust } from '../../model/credentials/federated-trust.ts'
import { formatHash, parseHash } from '../../model/credentials/secret-hash.ts'
import { type ClientId, CredentialId } from '../../oauth/ids.ts'
import { bytes, json, readRow, time, understoodBy } from '../sql/read-row.ts'
import type { Schema } from '../sql/schema.ts'

export type CredentialRow = Selectable<Schema['credential']>

const id = z.string().transform(CredentialId)
const end = time.nullable().transform((at) => at ?? undefined)

const lifeFields = z.object({
  id,
  label: z.string(),
  hint: z.string(),
  origin: z.enum(['manifest', 'command', 'sample']),
  created_at: time,
  expires_at: end,
  revoked_at: end,
  replaces: id.nullable(),
  replaced_expires_at: end,
})

const life = lifeFields.transform(
  ({ created_at, expires_at, revoked_at, replaces, replaced_expires_at, ...rest }): CredentialLife => ({
    ...rest,
    createdAt: created_at,
    expiresAt: expires_at,
    revokedAt: revoked_at,
    replaces: replaces === null ? undefined : { id: replaces, expiresAt: replaced_expires_at },
  }),
)

const jwk = z.record(z.string(), z.unknown())
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

// `satisfies` names each field that is missing: the parser would drop it in silence.
const trust = z.object({
  issuer: z.string(),
  audience: z.union([z.string(), z.array(z.string())]),
  subject: z.string().exactOptional(),
  claims: z.record(z.string(), scalar).exactOptional(),
  when: z.string().exactOptional(),
  algorithms: z.array(z.string()).exactOptional(),
  jwksUri: z.string().exactOptional(),
  jwks: z.array(jwk).exactOptional(),
  maxAge: z.number().exactOptional(),
} satisfies Record<keyof FederatedTrust, z.ZodType>) satisfies z.ZodType<FederatedTrust>

/** The columns that differ by the kind of credential. */
const proofs = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('secret'),
      data: json(
        z
          .object({ hash: z.string(), imported: z.string().exactOptional() })
          .transform(understoodBy(({ hash, ...rest }) => ({ hash: parseHash(hash), ...rest }))),
      ),
      encrypted_secret: bytes.nullable(),
      master_key_id: z.string().nullable(),
    })
    .transform(({ kind, data, encrypted_secret: ciphertext, master_key_id: masterKeyId }) => ({
      kind,
      ...data,
      retrievable: ciphertext === null || masterKeyId === null ? undefined : { ciphertext, masterKeyId },
    })),
  z
    .object({
      kind: z.literal('keys'),
      data: json(
        z.object({
          source: z.union([z.object({ jwks: z.array(jwk) }), z.object({ jwksUri: z.string() })]),
          algorithm: z.enum(asymmetricAlgorithms).optional(),
        }),
      ),
    })
    .transform(({ kind, data: { source, algorithm } }) => ({ kind, source, algorithm })),
  z
    .object({ kind: z.literal('certificate'), data: json(jwk.transform(understoodBy(parseMatcher))) })
    .transform(({ kind, data: matcher }) => ({ kind, matcher })),
  z.object({ kind: z.literal('federated'), data: json(trust) }).transform(({ kind, data }) => ({ kind, trust: data })),
])

/** The columns that a credential is read from. */
export const credentialColumns = [
  ...lifeFields.keyof().options,
  'kind',
  'data',
  'encrypted_secret',
  'master_key_id',
] as const satisfies readonly (keyof CredentialRow)[]

export type ReadableCredential = Pick<CredentialRow, (typeof credentialColumns)[number]>

/** Reads a row as a credential. */
export function toCredential(row: ReadableCredential): Credential | UnreadableCredential {
  const { label, origin } = row
  return readCredential(row, { kind: 'credential', id: CredentialId(row.id), label, origin } as const)
}

/** @param named identifies the row; a problem is added to it if the row can't be read */
export function readCredential<Named extends object>(
  row: object,
  named: Named,
): Credential | (Named & { readonly problem: string }) {
  const common = readRow(life, row, named)
  if ('problem' in common) return common
  const proof = readRow(proofs, row, named)
  return 'problem' in proof ? proof : { ...common, ...proof }
}

/** A row without its tenant, and without `warned_days`, which a write leaves as it is. */
export function fromCredential(
  client: ClientId,
  credential: Credential,
): Omit<CredentialRow, 'tenant' | 'warned_days'> {
  const retrievable = credential.kind === 'secret' ? credential.retrievable : undefined
  return {
    id: credential.id,
    client_id: client,
    kind: credential.kind,
    label: credential.label,
    hint: credential.hint,
    data: dataTextOf(credential),
    issuer: credential.kind === 'federated' ? credential.trust.issuer : null,
    encrypted_secret: retrievable?.ciphertext ?? null,
    master_key_id: retrievable?.masterKeyId ?? null,
    origin: credential.origin,
    replaces: credential.replaces?.id ?? null,
    replaced_expires_at: credential.replaces?.expiresAt ?? null,
    created_at: credential.createdAt,
    expires_at: credential.expiresAt ?? null,
    revoked_at: credential.revokedAt ?? null,
  }
}

/** The text of the `data` column. */
export const dataTextOf = (credential: Credential): string => JSON.stringify(dataOf(credential))

/** The content of the `data` column. */
type Data =
  | { readonly hash: string; readonly imported?: string }
  | (Pick<KeysCredential, 'source'> & { readonly algorithm?: KeysCredential['algorithm'] })
  | CertificateMatcher
  | FederatedTrust

function dataOf(credential: Credential): Data {
  switch (credential.kind) {
    case 'secret':
      return { hash: formatHash(credential.hash), ...(credential.imported && { imported: credential.imported }) }
    case 'keys':
      return { source: credential.source, ...(credential.algorithm && { algorithm: credential.algorithm }) }
    case 'certificate':
      return credential.matcher
    case 'federated':
      return credential.trust
  }
}
