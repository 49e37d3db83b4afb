import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { DatabaseHost } from '../../input/database-location.ts'
import type { PostgresAddress } from './address.ts'
import { Deadline } from './deadline.ts'
import { type HostFault, NoAnswer, NoHost, WrongServer } from './errors.ts'

/** The next host is asked, too, once one has been silent for this long, as between the addresses of a name (RFC 8305 §5). */
const STAGGER_MS = 250
/** The time that a host has to answer. Longer than a request waits, since logging in takes long on a busy server. */
const ANSWER_WITHIN_MS = 5_000
/** A host that could not be used is not asked again for this long. So a fail-over brings it ten questions a second, not a flood. */
const PAUSE_MS = 100
/** The time that a check before the start waits for a host. */
const EXAMINATION_MS = 2_000

/**
 * Finds the host that accepts writes (`target_session_attrs=read-write`), and remembers it until it is given up. Whatever the number
 * of callers, a process asks each host one question at a time. A single host is used without a question: its connections find out.
 */
export class Hosts {
  readonly #candidates: readonly Candidate[]
  readonly #isRandom: boolean
  #found: DatabaseHost | undefined

  constructor(address: PostgresAddress) {
    this.#candidates = address.hosts.map((host) => new Candidate(host, address))
    this.#isRandom = address.isRandom
  }

  /** The host to connect to. Hosts are tried in their order. @throws NoHost if none accepts writes */
  async find(): Promise<DatabaseHost> {
    const [only, ...others] = this.#candidates
    if (others.length === 0 && only !== undefined) return only.host
    if (this.#found !== undefined) return this.#found
    const candidates = this.#isRandom ? shuffled(this.#candidates) : this.#candidates
    try {
      const found = await firstOf(candidates)
      this.#found ??= found
    } catch {
      // While this call waited for a silent host, another one may have found the right one.
      if (this.#found === undefined) throw new NoHost(candidates.flatMap(({ fault }) => fault ?? []))
    }
    return this.#found
  }

  /** Whether a connection to this host is still one to the right host. */
  isRight(host: DatabaseHost): boolean {
    return this.#candidates.length === 1 || this.#found === host
  }

  /** Gives up a host: the next search asks all of them. @returns whether there are others */
  giveUp(host = this.#found): boolean {
    if (this.#found === host) this.#found = undefined
    return this.#candidates.length > 1
  }

  /** Asks every host. @returns the fault of each; undefined for one that accepts writes */
  examine(): Promise<readonly { readonly host: DatabaseHost; readonly error: unknown }[]> {
    const examineOne = async (candidate: Candidate) => {
      const deadline = new Deadline(EXAMINATION_MS, NoAnswer)
      const error: unknown = await deadline.wait(candidate.ask()).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      deadline.end()
      return { host: candidate.host, error }
    }
    return Promise.all(this.#candidates.map(examineOne))
  }

  close(): void {
    for (const candidate of this.#candidates) candidate.close()
  }
}

/** @returns the first host that accepts writes @throws AggregateError if there is none */
async function firstOf(candidates: readonly Candidate[]): Promise<DatabaseHost> {
  const asked: Promise<DatabaseHost>[] = []
  for (const candidate of candidates) {
    asked.push(candidate.ask())
    const answered = Promise.any(asked).catch(() => undefined)
    const first = await Promise.race([answered, sleep(STAGGER_MS, undefined, { ref: false })])
    if (first !== undefined) return first
  }
  return Promise.any(asked)
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: randomInt(2 ** 32) }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item)
}

class Candidate {
  readonly host: DatabaseHost
  readonly #address: PostgresAddress
  #client: pg.Client | undefined
  #asking: Promise<DatabaseHost> | undefined
  #fault: unknown

  constructor(host: DatabaseHost, address: PostgresAddress) {
    this.host = host
    this.#address = address
  }

  /** The reason why it could not be used when it was last asked. */
  get fault(): HostFault | undefined {
    return this.#fault === undefined ? undefined : { ...this.host, error: this.#fault }
  }

  /** @throws an error if the host can't be reached or does not accept writes */
  ask(): Promise<DatabaseHost> {
    this.#asking ??= this.#ask()
    return this.#asking
  }

  close(): void {
    this.#client?.connection.stream.destroy()
  }

  async #ask(): Promise<DatabaseHost> {
    const forget = () => {
      this.#asking = undefined
    }
    try {
      await this.#examine()
      this.#fault = undefined
      forget()
      return this.host
    } catch (error) {
      this.#fault = error
      setTimeout(forget, PAUSE_MS).unref()
      throw error
    }
  }

  async #examine(): Promise<void> {
    const client = new DiscreetClient(clientConfig(this.#address, this.host))
    const { stream } = client.connection
    const timer = setTimeout(
      () => stream.destroy(new NoAnswer(`the host did not answer within ${ANSWER_WITHIN_MS} ms`)),
      ANSWER_WITHIN_MS,
    )
    client.on('error', () => {})
    this.#client = client
    try {
      await client.connect()
      const { rows } = await client.query('show transaction_read_only')
      if (rows[0]?.transaction_read_only !== 'off') throw new WrongServer('the database is read-only')
      await client.end()
    } finally {
      clearTimeout(timer)
      client.connection.stream.destroy()
    }
  }
}

/** The driver's configuration for connections to one host. */
export const clientConfig = ({ database, user, password, ssl }: PostgresAddress, { host, port }: DatabaseHost) => ({
  host,
  port,
  database,
  user,
  password,
  ssl,
  application_name: 'tessera',
})

/**
 * A connection that reveals its password to no server without TLS. While a database is down, any user of its machine may listen in its
 * place, and could ask for the password itself instead of a proof of it.
 */
export class DiscreetClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config)
    const { ssl = false, host = '' } = config ?? {}
    if (ssl !== false || host.startsWith('/')) return
    // The driver would send the password next, to a connection that is closed by then.
    this.connection.once('authenticationCleartextPassword', () => {
      this.connection.stream.destroy(new Error('the server asks for the password in plain text'))
    })
  }
}
