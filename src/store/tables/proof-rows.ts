import type { Chain } from '../../audit/proof/chain.ts'
import type { Checkpoint } from '../../audit/proof/checkpoint.ts'
import type { AuditKey } from '../../audit/proof/keys.ts'
import type { Removal } from '../../audit/proof/statements.ts'
import type { NewRow, Row } from './rows.ts'

export const toChain = ({
  id,
  kind,
  host,
  started_at,
  seed,
  after_seq,
  place,
  hash,
  signed_place,
}: Row<'audit_chain'>): Chain => ({
  id,
  kind,
  host,
  startedAt: started_at,
  seed,
  afterSeq: after_seq,
  place,
  hash,
  signedPlace: signed_place,
})

export const toRemoval = ({ kid, signature, ...row }: Row<'audit_removal'>): Removal => ({
  ...row,
  kid: kid ?? undefined,
  signature: signature ?? undefined,
})

export const fromRemoval = ({
  chain,
  first,
  last,
  hash,
  cause,
  at,
  kid,
  signature,
}: Removal): NewRow<'audit_removal'> => ({
  ...{ chain, first, last, hash, cause, at },
  kid: kid ?? null,
  signature: signature === undefined ? null : Buffer.from(signature),
})

export const toCheckpoint = (row: Row<'audit_checkpoint'>): Checkpoint => row

export const toAuditKey = (row: Row<'audit_key'>): AuditKey => ({
  number: row.number,
  kid: row.kid,
  publicKey: Buffer.from(row.public_key),
  encrypted:
    row.encrypted_private_key === null || row.master_key_id === null
      ? undefined
      : { ciphertext: Buffer.from(row.encrypted_private_key), masterKeyId: row.master_key_id },
  createdAt: row.created_at,
  statement: row.statement,
  signature: Buffer.from(row.signature),
  previousSignature: row.previous_signature === null ? undefined : Buffer.from(row.previous_signature),
})

export const fromAuditKey = (key: AuditKey): NewRow<'audit_key'> => ({
  number: key.number,
  kid: key.kid,
  public_key: key.publicKey,
  encrypted_private_key: key.encrypted?.ciphertext ?? null,
  master_key_id: key.encrypted?.masterKeyId ?? null,
  created_at: key.createdAt,
  statement: key.statement,
  signature: key.signature,
  previous_signature: key.previousSignature ?? null,
})
