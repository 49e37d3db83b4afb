import type { Encrypted } from '../../crypto/master-key.ts'
import type { AuditEvent } from '../event.ts'
import type { Chain, HashedColumns, Head } from './chain.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { AuditKey, Seal } from './keys.ts'
import type { Removal } from './statements.ts'

/** An event as it is stored, with its place in a chain. An event from before there were chains has none. */
export interface ChainedRow extends HashedColumns {
  readonly seq: number
  readonly chain: number | null
  readonly place: number | null
  readonly hash: string | null
}

/** The state that the next checkpoint signs. */
export interface CheckpointDraft {
  readonly number: number
  readonly previous: string
  /** The highest number of a chain. */
  readonly chains: number
  readonly heads: readonly Head[]
}

/** A new key, and the event that records it. */
export interface AddedKey {
  readonly key: AuditKey
  readonly event: AuditEvent
}

/** Stores the proof of the audit log of all tenants. A call rejects if the database fails. */
export interface ProofStore {
  /** Removals are signed with this seal from now on; without one, they are recorded unsigned. */
  signWith(seal: Seal | undefined): void
  /**
   * Adds a checkpoint of all chains that have grown. The ends of this process's own chains are those that it remembers.
   * @returns undefined if no chain has grown
   */
  addCheckpoint(sign: (draft: CheckpointDraft) => Checkpoint): Promise<Checkpoint | undefined>
  /** Removes at most `most` checkpoints that are older than `time`, in milliseconds, but never the last. @returns how many */
  removeCheckpointsBefore(time: number, most: number): Promise<number>
  /** All keys, by number. */
  listKeys(): Promise<readonly AuditKey[]>
  /**
   * Adds a key, drops the private part of the previous one, and records the event.
   * @param plan gets all keys; undefined if none is to be added
   * @throws MasterKeyMismatch if the key is encrypted under a master key that is not in use
   */
  addKey(plan: (keys: readonly AuditKey[], masterKeyInUse: string | undefined) => AddedKey | undefined): Promise<void>
  /** Replaces the encrypted private part of a key; false if it has changed since. @throws MasterKeyMismatch as `addKey` */
  replaceEncryptedKey(kid: string, before: Encrypted, after: Encrypted, event: AuditEvent): Promise<boolean>
  /** All chains, by number. */
  listChains(): Promise<readonly Chain[]>
  /** All removals, by chain and place. */
  listRemovals(): Promise<readonly Removal[]>
  /** The next checkpoints after a number. */
  listCheckpoints(after: number, most: number): Promise<readonly Checkpoint[]>
  /** The next events after a number, of all tenants. */
  listRows(after: number, most: number): Promise<readonly ChainedRow[]>
}
