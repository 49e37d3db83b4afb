import { createHash } from 'node:crypto'
import { OAuthError } from '../oauth/error.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import { networkOf } from './address.ts'
import { Shelves } from './shelves.ts'
import { Tally, WINDOW_MS } from './tally.ts'

/** One client at one address: a person who mistypes needs a few tries, and hardly more than these. */
const PAIR = { free: 5 }
/** One client over all addresses, the same secret counted once: a fleet that was given a wrong one does not come near. */
const CLIENT = { free: 50 }
/** One address over all clients: a company's way out has many clients behind it, so old failures are forgotten one by one. */
const ADDRESS = { free: 100, leak: WINDOW_MS / 100 }
/** Below so many failures at its address, a client that has none of its own is still heard: it is not the one who guesses. */
const FIRST_CONTACT = { free: 300 }
/**
 * How many failures in a window the successes of their pair make good. Without a limit, who guesses from the address of a
 * client that succeeds every second would be forgiven every second.
 */
const FORGIVEN = { free: 20, leak: WINDOW_MS / 20 }
/** For how long an address at which a client succeeded is known as its own, in milliseconds: jobs that run daily are. */
const PROVEN_MS = 24 * 3_600_000
/** Secrets known as tried already, for each pair: what a client with old and new configuration and a retry or two sends. */
const REMEMBERED_MARKS = 8
/** A longer client id is counted under its hash: no client has one, and memory is for as many as the limits say. */
const LONGEST_KEY = 64

/** Entries: some 100 MB at the very most, and only while somebody floods us with names. */
const MEMORY = {
  // What waits, and what has succeeded, is not driven out by names that were made up and failed once.
  pairs: { quiet: 40_000, waiting: 20_000, proven: 40_000 },
  clients: { quiet: 30_000, waiting: 20_000 },
  addresses: { quiet: 30_000, waiting: 20_000 },
}

/** Who tries from where. */
interface Whence {
  /** As presented: one that no client has is counted like any other, so that nothing tells which exist. */
  readonly clientId: ClientId
  readonly address: string
}

/** What is about to be tried. */
export interface Guess extends Whence {
  /** Keyed hashes of client id and secret: two where the request can be read in two ways (RFC 6749 §2.3.1). */
  readonly marks: readonly [string, ...string[]]
}

/** One attempt that was let through. It counts as a failure from its beginning, so that many at once are counted together. */
export interface Attempt {
  /** To be called where the secret was right. */
  succeeded(): void
}

/** Whoever is asked before a secret that can be guessed is checked. */
export interface Guesses {
  /** Attempts that had to wait, by where too many had failed; of those that were counted in this process. */
  readonly refused: Readonly<Partial<Record<Level, number>>>
  /** @throws OAuthError `too_many_guesses`, where the attempt must wait: it then counts for nothing, and must not be checked */
  begin(guess: Guess): Attempt | Promise<Attempt>
  /**
   * Lets a secret through that is known to be right, uncounted, where that changes nothing: where its client has succeeded at
   * the address, and nothing that failed there still counts. @returns false where it must begin like any other
   */
  letThrough(whence: Whence): boolean
}

interface Tried {
  readonly failures: Tally
  /** The secrets tried last, each once. */
  marks: readonly string[]
}

interface Pair extends Tried {
  readonly forgiven: Tally
  /** Monotonic milliseconds. */
  provenAt: number
}

type Undo = ReturnType<Tally['add']>
type Level = 'client_at_address' | 'client' | 'address'

/**
 * Makes who guesses wait: from the sixth wrong secret of a client at an address on, and where the guessing is spread over
 * addresses or over clients, everybody who has not succeeded before. What a process has counted, it keeps to itself.
 * Only for secrets that can be guessed at all: it must not be asked about generated ones.
 */
export class GuessLimiter implements Guesses {
  readonly #clock: Clock
  readonly #pairs: Shelves<keyof typeof MEMORY.pairs, Pair>
  readonly #clients: Shelves<keyof typeof MEMORY.clients, Tried>
  readonly #addresses: Shelves<keyof typeof MEMORY.addresses, Tally>
  readonly #refused: Record<Level, number> = { client_at_address: 0, client: 0, address: 0 }

  constructor(clock: Clock, memory: typeof MEMORY = MEMORY) {
    this.#clock = clock
    this.#pairs = new Shelves(memory.pairs)
    this.#clients = new Shelves(memory.clients)
    this.#addresses = new Shelves(memory.addresses)
  }

  get refused(): Readonly<Record<Level, number>> {
    return this.#refused
  }

  /**
   * To be called before a secret is checked.
   * @throws OAuthError `too_many_guesses`, 429 with `Retry-After` (RFC 6585 §4), where the attempt must wait. It then counts
   * for nothing, and must not be checked.
   */
  begin({ clientId, address, marks }: Guess): Attempt {
    const now = this.#clock.monotonic()
    const keys = keysOf(clientId, address)
    const pair = this.#pairs.get(keys.pair) ?? createPair()
    const client = this.#clients.get(keys.client) ?? { failures: new Tally(CLIENT), marks: [] }
    const place = this.#addresses.get(keys.address) ?? new Tally(ADDRESS)
    // Whether to wait must not depend on the secret: where only the right one came through, it would be told by that.
    this.#refuse(waitOf(now, pair, client.failures, place))

    const undo: Undo[] = []
    const isKnown = isProven(now, pair)
    // A wrong secret sent again is no new guess: a library that retries counts once, and so does a fleet that starts.
    const fresh = unknownMarks(pair, marks)
    if (fresh.length > 0) {
      undo.push(count(now, pair, fresh), place.add(now, fresh.length))
      this.#pairs.put(isKnown ? 'proven' : shelfOf(now, pair.failures), keys.pair, pair)
      this.#addresses.put(shelfOf(now, place), keys.address, place)
    }
    const freshAnywhere = unknownMarks(client, fresh)
    if (freshAnywhere.length > 0 && !isKnown) {
      undo.push(count(now, client, freshAnywhere))
      this.#clients.put(shelfOf(now, client.failures), keys.client, client)
    }
    return this.#attempt(keys.pair, pair, undo)
  }

  letThrough({ clientId, address }: Whence): boolean {
    const now = this.#clock.monotonic()
    const pair = this.#pairs.get(keysOf(clientId, address).pair)
    if (pair === undefined || !isProven(now, pair) || pair.failures.level(now) > 0) return false
    pair.provenAt = now
    return true
  }

  #refuse(longest: ReturnType<typeof waitOf>): void {
    if (longest === undefined || longest.wait === 0) return
    this.#refused[longest.by] += 1
    const retryAfter = Math.max(1, Math.ceil(longest.wait / 1000))
    throw new OAuthError('too_many_guesses', {
      detail: { by: longest.by, failures: longest.failures, retry_after: retryAfter },
      headers: { 'Retry-After': String(retryAfter) },
    })
  }

  #attempt(key: string, begun: Pair, undo: readonly Undo[]): Attempt {
    let isOver = false
    return {
      succeeded: () => {
        if (isOver) return
        isOver = true
        const now = this.#clock.monotonic()
        for (const takeBack of undo) takeBack(now)
        // The pair may have been driven out of memory and counted anew since.
        const pair = this.#pairs.get(key) ?? begun
        const forgivable = Math.floor(FORGIVEN.free - pair.forgiven.level(now))
        const forgiven = Math.min(forgivable, pair.failures.level(now))
        if (forgiven > 0) {
          pair.failures.forgive(now, forgiven)
          pair.forgiven.add(now, forgiven)
        }
        pair.provenAt = now
        this.#pairs.put('proven', key, pair)
      },
    }
  }
}

const createPair = (): Pair => ({
  failures: new Tally(PAIR),
  forgiven: new Tally(FORGIVEN),
  marks: [],
  provenAt: Number.NEGATIVE_INFINITY,
})

const unknownMarks = ({ marks }: Tried, presented: readonly string[]): readonly string[] =>
  [...new Set(presented)].filter((mark) => !marks.includes(mark))

const shelfOf = (now: number, failures: Tally) => (failures.isFull(now) ? 'waiting' : 'quiet')

function count(now: number, tried: Tried, fresh: readonly string[]): Undo {
  tried.marks = [...tried.marks, ...fresh].slice(-REMEMBERED_MARKS)
  return tried.failures.add(now, fresh.length)
}

const isProven = (now: number, { provenAt }: Pair): boolean => now - provenAt < PROVEN_MS

function keysOf(clientId: string, address: string) {
  const client =
    clientId.length <= LONGEST_KEY ? clientId : `#${createHash('sha256').update(clientId).digest('base64url')}`
  const network = networkOf(address)
  return { client, address: network, pair: `${client}\0${network}` }
}

/** What the attempt has to wait for, longest first where there are several. */
function waitOf(now: number, pair: Pair, client: Tally, place: Tally) {
  const waits: { readonly by: Level; readonly tally: Tally }[] = [{ by: 'client_at_address', tally: pair.failures }]
  if (!isProven(now, pair)) {
    waits.push({ by: 'client', tally: client })
    const isFirstContact = pair.failures.level(now) === 0 && place.level(now) < FIRST_CONTACT.free
    if (!isFirstContact) waits.push({ by: 'address', tally: place })
  }
  return waits
    .map(({ by, tally }) => ({ by, failures: Math.ceil(tally.level(now)), wait: tally.wait(now) }))
    .sort((one, other) => other.wait - one.wait)[0]
}
