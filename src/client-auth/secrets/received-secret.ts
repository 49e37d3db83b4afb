import { isGenerated } from '../../model/credentials/generate-secret.ts'
import { sha256 } from '../../model/credentials/secret-hash.ts'

/**
 * The facts about a refused secret that the audit log keeps. A chosen secret may be wrong by one character, so nothing about its
 * characters or its length is kept. A generated one has 256 random bits (`docs/decisions/0038-what-a-wrong-secret-leaves.md`).
 */
interface ReceivedSecret {
  readonly form: /** A generated secret with the right checksum. */
    | 'generated'
    /** The beginning of a generated secret. */
    | 'cut off'
    /** A generated secret with more text after it. */
    | 'too long'
    /** A generated secret of which some characters differ, so that its checksum is wrong. */
    | 'mistyped'
    /** A JWT or a sealed token. */
    | 'token'
    /** Any other text. */
    | 'chosen'
  readonly white_space?: 'before it' | 'after it' | 'around it'
  readonly quotation_marks?: true
  /** The last characters, as in the hint of a credential; only of a secret with the right checksum. */
  readonly hint?: string
  /** The start of its digest, by which its credential is found; only of a secret with the right checksum. */
  readonly digest?: string
}

/** Characters of base64url: 96 bits tell any two secrets apart. */
const DIGEST_SHOWN = 16
const QUOTED = /^(["'`])(.*)\1$/s
const GENERATED_LENGTH = 53

/** Describes a secret that is none of the client's. The work depends on the secret alone, so its time reveals no client. */
export function describeSecret(secret: string): ReceivedSecret {
  const trimmed = secret.trim()
  const [, , unquoted] = QUOTED.exec(trimmed) ?? []
  const core = unquoted?.trim() ?? trimmed
  const form = formOf(core)
  return {
    form,
    ...(trimmed !== secret && { white_space: spaceAround(secret) }),
    ...(unquoted !== undefined && { quotation_marks: true }),
    ...(form === 'generated' && { hint: core.slice(-4), digest: sha256(core).slice(0, DIGEST_SHOWN) }),
  }
}

function formOf(secret: string): ReceivedSecret['form'] {
  if (isGenerated(secret)) return 'generated'
  if (/^(?:eyJ|tsa_)/.test(secret)) return 'token'
  if (!secret.startsWith('tss_')) return 'chosen'
  if (secret.length === GENERATED_LENGTH) return 'mistyped'
  return secret.length < GENERATED_LENGTH ? 'cut off' : 'too long'
}

function spaceAround(secret: string): NonNullable<ReceivedSecret['white_space']> {
  if (secret.trimStart() === secret) return 'after it'
  return secret.trimEnd() === secret ? 'before it' : 'around it'
}
