import type { Credential } from '../credentials/credential.ts'

/** The filters by the manifest that owns a thing, of clients as of APIs. */
export interface ManifestFilter {
  readonly manifest?: string | undefined
  /** Only things that no manifest owns. */
  readonly hasNoManifest?: true | undefined
}

/** The filters that clients and credentials have in common. All that are given must fit. Times in milliseconds. */
interface FleetFilter {
  /** Only things of these owners. A reader who may see those of some owners only gets exactly these, in lists as in counts. */
  readonly owners?: readonly string[] | undefined
  readonly hasNoOwner?: true | undefined
  readonly kind?: Credential['kind'] | undefined
  /** Only things that were not used since. One that was never used counts from its creation. */
  readonly unusedSince?: number | undefined
  /** Only what has not expired yet and will until then. */
  readonly expiresBefore?: number | undefined
}

export interface ClientFilter extends FleetFilter, ManifestFilter {
  /** The beginning of the id or of the name, in any case. */
  readonly search?: string | undefined
  readonly isEnabled?: boolean | undefined
  readonly tag?: string | undefined
}

/** `last_used` puts clients that were never used in the place of their creation. `next_expiry` puts those that never expire last. */
export const clientSorts = ['id', 'name', 'owner', 'created', 'last_used', 'next_expiry'] as const

export type ClientSort = (typeof clientSorts)[number]

/** `valid`: neither revoked nor expired. */
type CredentialState = 'valid' | 'expired' | 'revoked'

export interface CredentialFilter extends FleetFilter {
  readonly client?: string | undefined
  readonly state?: CredentialState | undefined
}

/** As for clients. */
export const credentialSorts = ['expiry', 'created', 'last_used'] as const

export type CredentialSort = (typeof credentialSorts)[number]
