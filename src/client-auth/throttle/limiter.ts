import { createHash } from 'node:crypto'
import { OAuthError } from '../../oauth/error.ts'
import type { ClientId, TenantId } from '../../oauth/ids.ts'
import { networksOf } from '../../platform/addresses.ts'
import type { Clock } from '../../platform/clock.ts'
import { Shelves } from './shelves.ts'
import { Tally, WINDOW_MS } from './tally.ts'

/** One client at one address: a person who mistypes needs a few tries, and hardly more than these. */
const PAIR = { free: 5 }
/** One client over all addresses, the same secret counted once: a fleet that was given a wrong one does not come near. */
const CLIENT = { free: 50 }
/** One client within one region. */
const REGION = { free: 3 }
/** One address over all clients: a company's way out has many clients behind it, so old failures are forgotten one by one. */
const ADDRESS = { free: 100, leak: WINDOW_MS / 100 }
/** One IPv6 site over all clients: one attacker has 65,536 networks as easily as one. */
const SITE = { free: 300, leak: WINDOW_MS / 300 }
/**
 * Below this number of failures, an attempt without failures of its own is still checked, since it is not part of the guessing.
 * At an address or site, this means a client that has not failed there. For a client, it means a region without failures for that
 * client. So a flood of guesses from elsewhere can't shut out a client that is not known yet, such as after a restart.
 */
const FIRST_CONTACT = { address: 300, site: 900, client: 300 }
/**
 * How many failures in a window the successes of their pair make good. Without a limit, who guesses from the address of a
 * client that succeeds every second would be forgiven every second.
 */
const FORGIVEN = { free: 20, leak: WINDOW_MS / 20 }
/** For how long an address at which a client succeeded is known as its own, in milliseconds: jobs that run daily are. */
const PROVEN_MS = 24 * 3_600_000
/** How long the limiter remembers an attempt that was turned away for lack of room: longer than clients pause. Milliseconds. */
const RETURNING_MS = 60_000
/** Secrets known as tried already, for each pair: what a client with old and new configuration and a retry or two sends. */
const REMEMBERED_MARKS = 8
/** A longer client id is counted under its hash: no client has one, and memory is for as many as the limits say. */
const LONGEST_KEY = 64

/** Entries: at most 130 MB, and only during a flood of made-up names. */
const MEMORY = {
  // What waits, and what has succeeded, is not driven out by names that were made up and failed once.
  pairs: { quiet: 40_000, waiting: 20_000, proven: 40_000 },
  clients: { quiet: 30_000, waiting: 20_000 },
  regions: { quiet: 30_000, waiting: 20_000 },
  addresses: { quiet: 30_000, waiting: 20_000 },
  sites: { quiet: 10_000, waiting: 5_000 },
}

/** Who tries from where. */
interface Whence {
  readonly tenant: TenantId
  /** As presented: one that no client has is counted like any other, so that nothing tells which exist. */
  readonly clientId: ClientId
  readonly address: string
}

/** What is about to be tried. */
export interface Guess extends Whence {
  /** Keyed hashes of tenant, client id and secret: two where the request can be read in two ways (RFC 6749 §2.3.1). */
  readonly marks: readonly [string, ...string[]]
}

/**
 * How well a pair of client and address is known. `proven` has succeeded in the last day. `returning` was turned away a moment
 * ago for lack of room, and tries again. Neither says whether the client exists.
 */
export type Standing = 'proven' | 'returning' | 'new'

/** One attempt that was let through. It counts as a failure from its beginning, so that many at once are counted together. */
export interface Attempt {
  readonly standing: Standing
  /** To be called where the secret was right. */
  succeeded(): void
  /** Call it if the secret was not checked for lack of room. The attempt then counts for nothing. */
  turnedAway(): void
}

/** Whoever is asked before a secret that can be guessed is checked. */
export interface Guesses {
  /** Attempts that had to wait, by where too many had failed; of those that were counted in this process. */
  readonly refused: Readonly<Partial<Record<Level, number>>>
  /** @throws OAuthError `too_many_guesses`, where the attempt must wait: it then counts for nothing, and must not be checked */
  begin(guess: Guess): Attempt | Promise<Attempt>
  /**
   * Counts an attempt that was already checked, because its check takes no time. So many right ones at once are not taken for
   * guesses.
   * @throws OAuthError `too_many_guesses` if the attempt must wait, even if it was right
   */
  conclude(guess: Guess, isRight: boolean): void | Promise<void>
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
  /** Monotonic milliseconds. */
  turnedAwayAt: number
}

/** The counts that one attempt has added. */
interface Counted {
  /** Undoes all counts of the attempt. */
  takeBack(now: number): void
  /** Forgets the marks of the attempt, so that its secrets count as new the next time. */
  forget(): void
}
type Level = 'client_at_address' | 'client' | 'address' | 'site'

/** Everything that an attempt is counted under. */
interface Counts {
  readonly pair: Pair
  readonly client: Tried
  readonly region: Tally
  readonly address: Tally
  readonly site: Tally
}

/**
 * Makes who guesses wait: from the sixth wrong secret of a client at an address on, and where the guessing is spread over
 * addresses or over clients, everybody who has not succeeded before. What a process has counted, it keeps to itself.
 * Only for secrets that can be guessed at all: it must not be asked about generated ones.
 */
export class GuessLimiter implements Guesses {
  readonly #clock: Clock
  readonly #pairs: Shelves<keyof typeof MEMORY.pairs, Pair>
  readonly #clients: Shelves<keyof typeof MEMORY.clients, Tried>
  readonly #regions: Shelves<keyof typeof MEMORY.regions, Tally>
  readonly #addresses: Shelves<keyof typeof MEMORY.addresses, Tally>
  readonly #sites: Shelves<keyof typeof MEMORY.sites, Tally>
  readonly #refused: Record<Level, number> = { client_at_address: 0, client: 0, address: 0, site: 0 }

  constructor(clock: Clock, memory: typeof MEMORY = MEMORY) {
    this.#clock = clock
    this.#pairs = new Shelves(memory.pairs)
    this.#clients = new Shelves(memory.clients)
    this.#regions = new Shelves(memory.regions)
    this.#addresses = new Shelves(memory.addresses)
    this.#sites = new Shelves(memory.sites)
  }

  get refused(): Readonly<Record<Level, number>> {
    return this.#refused
  }

  /**
   * To be called before a secret is checked.
   * @throws OAuthError `too_many_guesses`, 429 with `Retry-After` (RFC 6585 §4), where the attempt must wait. It then counts
   * for nothing, and must not be checked.
   */
  begin({ tenant, clientId, address, marks }: Guess): Attempt {
    const now = this.#clock.monotonic()
    const keys = keysOf({ tenant, clientId, address })
    const counts = this.#countsOf(keys)
    const { pair } = counts
    // Whether to wait must not depend on the secret: where only the right one came through, it would be told by that.
    this.#refuse(waitOf(now, counts))
    const standing = standingOf(now, pair)
    pair.turnedAwayAt = Number.NEGATIVE_INFINITY
    return this.#attempt(keys.pair, pair, standing, this.#count(now, keys, counts, marks))
  }

  conclude(guess: Guess, isRight: boolean): void {
    const attempt = this.begin(guess)
    if (isRight) attempt.succeeded()
  }

  #countsOf(keys: Keys): Counts {
    return {
      pair: this.#pairs.get(keys.pair) ?? createPair(),
      client: this.#clients.get(keys.client) ?? { failures: new Tally(CLIENT), marks: [] },
      region: this.#regions.get(keys.region) ?? new Tally(REGION),
      address: this.#addresses.get(keys.address) ?? new Tally(ADDRESS),
      site: (keys.site === undefined ? undefined : this.#sites.get(keys.site)) ?? new Tally(SITE),
    }
  }

  /** A repeated wrong secret is no new guess. A library that retries counts once, and so does a fleet that starts. */
  #count(now: number, keys: Keys, { pair, client, region, address, site }: Counts, marks: Guess['marks']): Counted {
    const undo: ReturnType<Tally['add']>[] = []
    const isKnown = isProven(now, pair)
    const fresh = unknownMarks(pair, marks)
    if (fresh.length > 0) {
      undo.push(note(now, pair, fresh), address.add(now, fresh.length))
      this.#pairs.put(isKnown ? 'proven' : shelfOf(now, pair.failures), keys.pair, pair)
      this.#addresses.put(shelfOf(now, address), keys.address, address)
      if (keys.site !== undefined) {
        undo.push(site.add(now, fresh.length))
        this.#sites.put(shelfOf(now, site), keys.site, site)
      }
    }
    const freshAnywhere = unknownMarks(client, fresh)
    if (freshAnywhere.length > 0 && !isKnown) {
      undo.push(note(now, client, freshAnywhere), region.add(now, freshAnywhere.length))
      this.#clients.put(shelfOf(now, client.failures), keys.client, client)
      this.#regions.put(shelfOf(now, region), keys.region, region)
    }
    return {
      takeBack: (then) => {
        for (const takeBack of undo) takeBack(then)
      },
      forget: () => {
        for (const tried of [pair, client]) tried.marks = tried.marks.filter((mark) => !fresh.includes(mark))
      },
    }
  }

  letThrough(whence: Whence): boolean {
    const now = this.#clock.monotonic()
    const pair = this.#pairs.get(keysOf(whence).pair)
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

  #attempt(key: string, begun: Pair, standing: Standing, counted: Counted): Attempt {
    let isOver = false
    /** The pair may have been evicted from memory and counted anew since. */
    const end = (finish: (now: number, pair: Pair) => void): void => {
      if (isOver) return
      isOver = true
      const now = this.#clock.monotonic()
      counted.takeBack(now)
      finish(now, this.#pairs.get(key) ?? begun)
    }
    return {
      standing,
      succeeded: () =>
        end((now, pair) => {
          const forgivable = Math.floor(FORGIVEN.free - pair.forgiven.level(now))
          const forgiven = Math.min(forgivable, pair.failures.level(now))
          if (forgiven > 0) {
            pair.failures.forgive(now, forgiven)
            pair.forgiven.add(now, forgiven)
          }
          pair.provenAt = now
          this.#pairs.put('proven', key, pair)
        }),
      turnedAway: () =>
        end((now, pair) => {
          counted.forget()
          pair.turnedAwayAt = now
          this.#pairs.put(isProven(now, pair) ? 'proven' : shelfOf(now, pair.failures), key, pair)
        }),
    }
  }
}

const createPair = (): Pair => ({
  failures: new Tally(PAIR),
  forgiven: new Tally(FORGIVEN),
  marks: [],
  provenAt: Number.NEGATIVE_INFINITY,
  turnedAwayAt: Number.NEGATIVE_INFINITY,
})

const unknownMarks = ({ marks }: Tried, presented: readonly string[]): readonly string[] =>
  [...new Set(presented)].filter((mark) => !marks.includes(mark))

const shelfOf = (now: number, failures: Tally) => (failures.isFull(now) ? 'waiting' : 'quiet')

function note(now: number, tried: Tried, fresh: readonly string[]): ReturnType<Tally['add']> {
  tried.marks = [...tried.marks, ...fresh].slice(-REMEMBERED_MARKS)
  return tried.failures.add(now, fresh.length)
}

const isProven = (now: number, { provenAt }: Pair): boolean => now - provenAt < PROVEN_MS

function standingOf(now: number, pair: Pair): Standing {
  if (isProven(now, pair)) return 'proven'
  return now - pair.turnedAwayAt < RETURNING_MS ? 'returning' : 'new'
}

type Keys = ReturnType<typeof keysOf>

/**
 * Clients of two tenants may have the same id, but are counted apart. An address is counted over all tenants: otherwise whoever guesses
 * would have as many tries there as there are tenants.
 */
function keysOf({ tenant, clientId, address }: Whence) {
  const id = clientId.length <= LONGEST_KEY ? clientId : `#${createHash('sha256').update(clientId).digest('base64url')}`
  const { region, site, own } = networksOf(address)
  const client = `${tenant}\0${id}`
  return { client, address: own, site, pair: `${client}\0${own}`, region: `${client}\0${region}` }
}

/** What the attempt has to wait for, longest first where there are several. */
function waitOf(now: number, { pair, client, region, address, site }: Counts) {
  const waits: { readonly by: Level; readonly tally: Tally }[] = [{ by: 'client_at_address', tally: pair.failures }]
  if (!isProven(now, pair)) {
    const isBlank = pair.failures.level(now) === 0
    const isHeard = (tally: Tally, most: number) => isBlank && tally.level(now) < most
    const isElsewhere = region.level(now) < REGION.free
    if (!(isElsewhere && isHeard(client.failures, FIRST_CONTACT.client)))
      waits.push({ by: 'client', tally: client.failures })
    if (!isHeard(address, FIRST_CONTACT.address)) waits.push({ by: 'address', tally: address })
    if (!isHeard(site, FIRST_CONTACT.site)) waits.push({ by: 'site', tally: site })
  }
  return waits
    .map(({ by, tally }) => ({ by, failures: Math.ceil(tally.level(now)), wait: tally.wait(now) }))
    .sort((one, other) => other.wait - one.wait)[0]
}
