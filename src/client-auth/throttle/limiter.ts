import { createHash } from 'node:crypto'
import { networksOf } from '../../platform/addresses.ts'
import type { Clock } from '../../platform/clock.ts'
import { FailureCounter, WINDOW_MS } from './failure-counter.ts'
import type { Attempt, Guess, Guesses, Level, Source, Standing } from './guesses.ts'
import { PartitionedLru } from './partitioned-lru.ts'
import { TooManyGuesses } from './too-many-guesses.ts'

/** Per client and address. A person who mistypes needs only a few tries. */
const PAIR = { free: 5 }
/** Per client, across addresses. Equal secrets count once, so a fleet with one wrong secret stays far below. */
const CLIENT = { free: 50 }
/** Per client and region. */
const REGION = { free: 3 }
/** Per address, across clients. A NAT gateway may front many clients, so failures are forgotten one at a time. */
const ADDRESS = { free: 100, leak: WINDOW_MS / 100 }
/** Per IPv6 site, across clients. An attacker gets 65,536 networks as easily as one. */
const SITE = { free: 300, leak: WINDOW_MS / 300 }
/**
 * Below this number of failures, an attempt without failures of its own is still checked. It is not part of the guessing.
 * At an address or site, it is an attempt of a client that has not failed there. For a client, it is an attempt from a region where
 * the client has not failed. So a flood of guesses from elsewhere can't lock out a client that is not known yet, for example
 * after a restart.
 */
const FIRST_CONTACT = { address: 300, site: 900, client: 300 }
/**
 * The most failures in a window that successes of the same pair cancel. Without a limit, an attacker at the address of a busy
 * client would be forgiven with each success of that client.
 */
const FORGIVEN = { free: 20, leak: WINDOW_MS / 20 }
/** The time for which an address counts as a client's own after a success. It covers daily jobs. Milliseconds. */
const PROVEN_MS = 24 * 3_600_000
/** The time for which a turned away attempt is remembered. It is longer than clients pause before a retry. Milliseconds. */
const RETURNING_MS = 60_000
/** The most tried secrets remembered for a pair. A client with old and new configuration and some retries sends fewer. */
const REMEMBERED_MARKS = 8
/** A longer client id is counted under its hash, which bounds the memory. No real client has such an id. */
const LONGEST_KEY = 64

/** The most bytes of all entries, which take so many during a flood of invented names alone. */
const MOST_BYTES = 170_000_000
/** The most entries, with so many bytes. A limiter with fewer bytes has fewer entries. */
const MEMORY = {
  // Pairs that must wait, or have succeeded, have their own room, so that invented names can't displace them.
  pairs: { quiet: 40_000, waiting: 20_000, proven: 40_000 },
  clients: { quiet: 30_000, waiting: 20_000 },
  regions: { quiet: 30_000, waiting: 20_000 },
  addresses: { quiet: 30_000, waiting: 20_000 },
  sites: { quiet: 10_000, waiting: 5_000 },
}

interface FailureHistory {
  readonly failures: FailureCounter
  /** The marks of the secrets tried last, each once. */
  marks: readonly string[]
}

interface Pair extends FailureHistory {
  readonly forgiven: FailureCounter
  /** Monotonic milliseconds. */
  provenAt: number
  /** Monotonic milliseconds. */
  turnedAwayAt: number
}

/** The counts that one attempt has added. */
interface Counted {
  /** Undoes all counts of the attempt. @param now monotonic milliseconds */
  takeBack(now: number): void
  /** Forgets the marks of the attempt, so that its secrets count as new the next time. */
  forget(): void
}

/** The counters of one attempt. */
interface Counts {
  readonly pair: Pair
  readonly client: FailureHistory
  readonly region: FailureCounter
  readonly address: FailureCounter
  readonly site: FailureCounter
}

/**
 * Throttles guessing of human-chosen secrets. A pair of client and address must wait from its sixth wrong secret on. If guessing is
 * spread over addresses or clients, all pairs that have not succeeded before must wait. Each limiter counts for itself. Don't use
 * it for generated secrets, which nobody can guess.
 */
export class GuessLimiter implements Guesses {
  readonly #clock: Clock
  readonly #pairs: PartitionedLru<keyof typeof MEMORY.pairs, Pair>
  readonly #clients: PartitionedLru<keyof typeof MEMORY.clients, FailureHistory>
  readonly #regions: PartitionedLru<keyof typeof MEMORY.regions, FailureCounter>
  readonly #addresses: PartitionedLru<keyof typeof MEMORY.addresses, FailureCounter>
  readonly #sites: PartitionedLru<keyof typeof MEMORY.sites, FailureCounter>
  readonly #refused: Record<Level, number> = { client_at_address: 0, client: 0, address: 0, site: 0 }

  /** @param bytes for all entries */
  constructor(clock: Clock, bytes = MOST_BYTES, memory: typeof MEMORY = MEMORY) {
    const part = Math.min(1, bytes / MOST_BYTES)
    this.#clock = clock
    this.#pairs = new PartitionedLru(memory.pairs, part)
    this.#clients = new PartitionedLru(memory.clients, part)
    this.#regions = new PartitionedLru(memory.regions, part)
    this.#addresses = new PartitionedLru(memory.addresses, part)
    this.#sites = new PartitionedLru(memory.sites, part)
  }

  get refused(): Readonly<Record<Level, number>> {
    return this.#refused
  }

  /**
   * Begins an attempt. Call this before a secret is checked.
   * @throws TooManyGuesses if the attempt must wait. It then does not count, and must not be checked.
   */
  begin({ tenant, clientId, address, marks }: Guess): Attempt {
    const now = this.#clock.monotonic()
    const keys = keysOf({ tenant, clientId, address })
    const counts = this.#countsOf(keys)
    const { pair } = counts
    // The decision must not depend on the secret. If only the correct one were admitted, this would reveal it.
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
      client: this.#clients.get(keys.client) ?? { failures: new FailureCounter(CLIENT), marks: [] },
      region: this.#regions.get(keys.region) ?? new FailureCounter(REGION),
      address: this.#addresses.get(keys.address) ?? new FailureCounter(ADDRESS),
      site: (keys.site === undefined ? undefined : this.#sites.get(keys.site)) ?? new FailureCounter(SITE),
    }
  }

  /** Counts new secrets only. A repeated wrong secret is not a new guess, so a retrying library or a starting fleet counts once. */
  #count(now: number, keys: Keys, { pair, client, region, address, site }: Counts, marks: Guess['marks']): Counted {
    const undo: ReturnType<FailureCounter['add']>[] = []
    const isKnown = isProven(now, pair)
    const fresh = unknownMarks(pair, marks)
    if (fresh.length > 0) {
      undo.push(note(now, pair, fresh), address.add(now, fresh.length))
      this.#pairs.put(isKnown ? 'proven' : partOf(now, pair.failures), keys.pair, pair)
      this.#addresses.put(partOf(now, address), keys.address, address)
      if (keys.site !== undefined) {
        undo.push(site.add(now, fresh.length))
        this.#sites.put(partOf(now, site), keys.site, site)
      }
    }
    const freshAnywhere = unknownMarks(client, fresh)
    if (freshAnywhere.length > 0 && !isKnown) {
      undo.push(note(now, client, freshAnywhere), region.add(now, freshAnywhere.length))
      this.#clients.put(partOf(now, client.failures), keys.client, client)
      this.#regions.put(partOf(now, region), keys.region, region)
    }
    return {
      takeBack: (then) => {
        for (const takeBack of undo) takeBack(then)
      },
      forget: () => {
        for (const history of [pair, client]) history.marks = history.marks.filter((mark) => !fresh.includes(mark))
      },
    }
  }

  letThrough(source: Source): boolean {
    const now = this.#clock.monotonic()
    const pair = this.#pairs.get(keysOf(source).pair)
    if (pair === undefined || !isProven(now, pair) || pair.failures.level(now) > 0) return false
    pair.provenAt = now
    return true
  }

  #refuse(longest: ReturnType<typeof waitOf>): void {
    if (longest === undefined || longest.wait === 0) return
    this.#refused[longest.by] += 1
    const retryAfter = Math.max(1, Math.ceil(longest.wait / 1000))
    const detail = { by: longest.by, failures: longest.failures, retry_after: retryAfter }
    throw new TooManyGuesses(detail, retryAfter)
  }

  #attempt(key: string, begun: Pair, standing: Standing, counted: Counted): Attempt {
    let isOver = false
    /** Ends the attempt once. The pair may have been evicted from memory and made anew meanwhile, so it is looked up again. */
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
          pair.failures.forgive(now, forgiven)
          pair.forgiven.add(now, forgiven)
          pair.provenAt = now
          this.#pairs.put('proven', key, pair)
        }),
      turnedAway: () =>
        end((now, pair) => {
          counted.forget()
          pair.turnedAwayAt = now
          this.#pairs.put(isProven(now, pair) ? 'proven' : partOf(now, pair.failures), key, pair)
        }),
    }
  }
}

const createPair = (): Pair => ({
  failures: new FailureCounter(PAIR),
  forgiven: new FailureCounter(FORGIVEN),
  marks: [],
  provenAt: Number.NEGATIVE_INFINITY,
  turnedAwayAt: Number.NEGATIVE_INFINITY,
})

const unknownMarks = ({ marks }: FailureHistory, presented: readonly string[]): readonly string[] =>
  [...new Set(presented)].filter((mark) => !marks.includes(mark))

const partOf = (now: number, failures: FailureCounter) => (failures.isFull(now) ? 'waiting' : 'quiet')

function note(now: number, history: FailureHistory, fresh: readonly string[]): ReturnType<FailureCounter['add']> {
  history.marks = [...history.marks, ...fresh].slice(-REMEMBERED_MARKS)
  return history.failures.add(now, fresh.length)
}

const isProven = (now: number, { provenAt }: Pair): boolean => now - provenAt < PROVEN_MS

function standingOf(now: number, pair: Pair): Standing {
  if (isProven(now, pair)) return 'proven'
  return now - pair.turnedAwayAt < RETURNING_MS ? 'returning' : 'new'
}

type Keys = ReturnType<typeof keysOf>

/**
 * Clients of two tenants may have the same id, but are counted apart. An address is counted over all tenants. Otherwise an attacker would
 * have as many tries there as there are tenants.
 */
function keysOf({ tenant, clientId, address }: Source) {
  // No id has a NUL, so that none looks like a hash.
  const id =
    clientId.length <= LONGEST_KEY ? clientId : `\0${createHash('sha256').update(clientId).digest('base64url')}`
  const { region, site, own } = networksOf(address)
  const client = `${tenant}\0${id}`
  return { client, address: own, site, pair: `${client}\0${own}`, region: `${client}\0${region}` }
}

/** The longest wait of an attempt, with the level that causes it. */
function waitOf(now: number, { pair, client, region, address, site }: Counts) {
  const waits: { readonly by: Level; readonly counter: FailureCounter }[] = [
    { by: 'client_at_address', counter: pair.failures },
  ]
  if (!isProven(now, pair)) {
    const isBlank = pair.failures.level(now) === 0
    const isHeard = (counter: FailureCounter, most: number) => isBlank && counter.level(now) < most
    const isElsewhere = region.level(now) < REGION.free
    if (!(isElsewhere && isHeard(client.failures, FIRST_CONTACT.client)))
      waits.push({ by: 'client', counter: client.failures })
    if (!isHeard(address, FIRST_CONTACT.address)) waits.push({ by: 'address', counter: address })
    if (!isHeard(site, FIRST_CONTACT.site)) waits.push({ by: 'site', counter: site })
  }
  return waits
    .map(({ by, counter }) => ({ by, failures: Math.ceil(counter.level(now)), wait: counter.wait(now) }))
    .sort((one, other) => other.wait - one.wait)[0]
}
