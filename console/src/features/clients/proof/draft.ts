import type { Input } from '../../../api/types.ts'
import type { Kind } from '../../../shared/credentials/kinds.ts'
import { type Identity, type PlatformId, platformOf } from './platforms.ts'

export type CredentialInput = Input<'credentials.add'>

/** The lives of a secret. Seconds are counted by the server; the days are shown here. */
export const lives = [
  { value: '7d', days: 7 },
  { value: '30d', days: 30 },
  { value: '90d', days: 90 },
  { value: '180d', days: 180 },
  { value: '365d', days: 365 },
  { value: 'never', days: undefined },
] as const

export const certificateNames = ['san_dns', 'san_uri', 'subject_dn', 'thumbprint'] as const

/** A proof that somebody is about to describe. */
export interface ProofDraft {
  readonly kind: Kind
  readonly life: (typeof lives)[number]['value']
  readonly issuer: string
  readonly audience: string
  readonly parts: Readonly<Record<string, string>>
  readonly keysBy: 'url' | 'keys'
  readonly keysUrl: string
  readonly keys: string
  readonly certificateName: (typeof certificateNames)[number]
  readonly certificateValue: string
}

/** A proof as it is recommended for a platform. @param audience the issuer of this server */
export function proofFor(id: PlatformId, audience: string): ProofDraft {
  const { best, identity } = platformOf(id)
  return {
    kind: best,
    life: id === 'developer' ? '30d' : '90d',
    issuer: identity?.issuer ?? '',
    audience,
    parts: Object.fromEntries(
      Object.keys(identity?.parts ?? {}).map((name) => [name, name === 'branch' ? 'main' : '']),
    ),
    keysBy: 'url',
    keysUrl: '',
    keys: '',
    certificateName: 'san_dns',
    certificateValue: '',
  }
}

/** Whether everything that the kind needs is there. The server checks the rest. */
export function isProofComplete({ kind, ...draft }: ProofDraft): boolean {
  if (kind === 'secret') return true
  if (kind === 'certificate') return draft.certificateValue.trim() !== ''
  if (kind === 'keys') return draft.keysBy === 'url' ? draft.keysUrl.trim() !== '' : readKeys(draft.keys) !== undefined
  return [draft.issuer, draft.audience, ...Object.values(draft.parts)].every((one) => one.trim() !== '')
}

/** The credential that a draft describes. @param identity the one that the platform gives */
export function credentialOf(draft: ProofDraft, label: string, identity: Identity | undefined): CredentialInput {
  switch (draft.kind) {
    case 'secret':
      return { label, ...(draft.life !== 'never' && { expires: draft.life }) }
    case 'certificate':
      return { label, certificate: { [draft.certificateName]: draft.certificateValue.trim() } }
    case 'keys':
      return draft.keysBy === 'url'
        ? { label, jwks_uri: draft.keysUrl.trim() }
        : { label, jwks: readKeys(draft.keys) ?? { keys: [] } }
    case 'federated': {
      const { issuer, audience, parts } = draft
      return { label, federated: { issuer, audience, subject: identity?.subject(parts) ?? parts['subject'] ?? '' } }
    }
    default:
      return draft.kind satisfies never
  }
}

type KeySet = NonNullable<CredentialInput['jwks']>

/** A JWK Set, or one JWK, as somebody pasted it; undefined if it is neither. */
function readKeys(pasted: string): KeySet | undefined {
  try {
    const value: unknown = JSON.parse(pasted)
    if (typeof value !== 'object' || value === null) return undefined
    const keys = 'keys' in value ? value.keys : [value]
    return Array.isArray(keys) && keys.length > 0 ? { keys } : undefined
  } catch {
    return undefined
  }
}
