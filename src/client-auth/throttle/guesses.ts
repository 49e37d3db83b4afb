import type { ClientId, TenantId } from '../../oauth/ids.ts'

/** A level at which failures are counted. A refusal names the one that has too many. */
export type Level = 'client_at_address' | 'client' | 'address' | 'site'

/** The source of an attempt. */
export interface Source {
  readonly tenant: TenantId
  /** The id as presented. An unknown one is counted like any other, so that nothing reveals which clients exist. */
  readonly clientId: ClientId
  readonly address: string
}

/** An attempt with a secret that can be guessed. */
export interface Guess extends Source {
  /** Keyed hashes of tenant, client id and secret. There are two if the request can be read in two ways (RFC 6749 §2.3.1). */
  readonly marks: readonly [string, ...string[]]
}

/**
 * The standing of a pair of client and address. `proven`: it succeeded in the last day. `returning`: it was turned away a moment
 * ago because the queue was full, and tries again. Neither reveals whether the client exists.
 */
export type Standing = 'proven' | 'returning' | 'new'

/** An admitted attempt. It counts as a failure until it succeeds, so that parallel attempts all count. */
export interface Attempt {
  readonly standing: Standing
  /** Call this if the secret was correct. */
  succeeded(): void
  /** Call this if the secret was not checked because the queue was full. The attempt then does not count. */
  turnedAway(): void
}

/** Limits guesses of secrets that people chose. Authentication asks it before it checks such a secret. */
export interface Guesses {
  /** Counts of refused attempts in this process, by the level with too many failures. */
  readonly refused: Readonly<Partial<Record<Level, number>>>
  /** @throws TooManyGuesses if the attempt must wait. It then does not count, and must not be checked. */
  begin(guess: Guess): Attempt | Promise<Attempt>
  /**
   * Counts an attempt that was already checked, for checks that take no time. So parallel correct attempts do not count as guesses.
   * @throws TooManyGuesses if the attempt must wait, even if it was correct
   */
  conclude(guess: Guess, isRight: boolean): void | Promise<void>
  /**
   * Admits a secret that is known to be correct, without counting it. The client must have succeeded at the address before, and no
   * failure there may still count. @returns false if the attempt must begin like any other
   */
  letThrough(source: Source): boolean
}
