import type { Selectable } from 'kysely'
import type { CertificateMatcher } from '../certificates/subject.ts'
import type { Credential, CredentialLife, KeysCredential } from '../credentials/credential.ts'
import type { FederatedTrust } from '../federation/credential.ts'
import { type ClientId, CredentialId } from '../oauth/ids.ts'
import { formatHash, parseHash } from '../secrets/hash.ts'
import type { Schema } from './schema.ts'

export type CredentialRow = Selectable<Schema['credential']>

/** What of a credential stands in its `data`, by kind. */
interface Data {
  readonly secret: { readonly hash: string }
  readonly keys: Pick<KeysCredential, 'source'> & { readonly algorithm?: KeysCredential['algorithm'] }
  readonly certificate: CertificateMatcher
  readonly federated: FederatedTrust
}

const read = <Kind extends keyof Data>(_kind: Kind, text: string): Data[Kind] => JSON.parse(text)

export function toCredential(row: CredentialRow): Credential {
  const life = toLife(row)
  switch (row.kind) {
    case 'secret': {
      const { encrypted_secret: ciphertext, master_key_id: masterKeyId } = row
      const retrievable =
        ciphertext === null || masterKeyId === null ? undefined : { ciphertext: Buffer.from(ciphertext), masterKeyId }
      return { ...life, kind: 'secret', hash: parseHash(read('secret', row.data).hash), retrievable }
    }
    case 'keys': {
      const { source, algorithm } = read('keys', row.data)
      return { ...life, kind: 'keys', source, algorithm }
    }
    case 'certificate':
      return { ...life, kind: 'certificate', matcher: read('certificate', row.data) }
    case 'federated':
      return { ...life, kind: 'federated', trust: read('federated', row.data) }
    default:
      throw new Error(`credential ${row.id} is of an unknown kind`)
  }
}

const toLife = (row: CredentialRow): CredentialLife => ({
  id: CredentialId(row.id),
  label: row.label,
  hint: row.hint,
  origin: row.origin as CredentialLife['origin'],
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
  replaces:
    row.replaces === null
      ? undefined
      : { id: CredentialId(row.replaces), expiresAt: row.replaced_expires_at ?? undefined },
})

/** A row but for `warned_days`, which says what was told of it and stays. */
export function fromCredential(client: ClientId, credential: Credential): Omit<CredentialRow, 'warned_days'> {
  const retrievable = credential.kind === 'secret' ? credential.retrievable : undefined
  return {
    id: credential.id,
    client_id: client,
    kind: credential.kind,
    label: credential.label,
    hint: credential.hint,
    data: JSON.stringify(dataOf(credential)),
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

function dataOf(credential: Credential): Data[Credential['kind']] {
  switch (credential.kind) {
    case 'secret':
      return { hash: formatHash(credential.hash) }
    case 'keys':
      return { source: credential.source, ...(credential.algorithm && { algorithm: credential.algorithm }) }
    case 'certificate':
      return credential.matcher
    case 'federated':
      return credential.trust
  }
}
