import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { findChosenSecret } from '../../../src/client-auth/guessable.ts'
import { SecretVerifier } from '../../../src/client-auth/secrets/verifier.ts'
import type { Guesses } from '../../../src/client-auth/throttle/guesses.ts'
import { GuessLimiter } from '../../../src/client-auth/throttle/limiter.ts'
import { expectedRefusal } from '../../../src/http/respond.ts'
import type { Client } from '../../../src/model/client.ts'
import { type SecretCredential, toCredentials } from '../../../src/model/credentials/credential.ts'
import type { ScryptParameters } from '../../../src/model/credentials/secret-hash.ts'
import { ClientId, CredentialId, DEFAULT_TENANT } from '../../../src/oauth/ids.ts'
import type { Channel, FromPrimary, FromWorker } from '../../../src/server/workers/channel.ts'
import { RemoteGuesses } from '../../../src/server/workers/remote-guesses.ts'
import { serveWorker } from '../../../src/server/workers/serve-worker.ts'
import { clientWith } from '../../harness/client-record.ts'
import { standingClock } from '../../harness/clock.ts'

const RIGHT = 'correct horse'
const HOME = '203.0.113.1'
/** The number of parallel slow hashes of a process. */
const AT_ONCE = Math.max(1, Math.min(3, availableParallelism() - 1))
/** The duration of a slow hash, in milliseconds. */
const HASH_MS = 250
/** Guesses during each hash: some 200 a second for each parallel hash, over all processes. */
const FLOOD = 50 * AT_ONCE
/** Hashes that run until a refused client retries, a second later. */
const PAUSE = 1_000 / HASH_MS

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The good client, as a new object after each change. */
function createClient(): Client {
  const parameters: ScryptParameters = { logN: 14, r: 8, p: 5, salt: Buffer.alloc(16) }
  const secret: SecretCredential = {
    kind: 'secret',
    id: CredentialId('one'),
    label: '',
    hint: '',
    origin: 'manifest',
    createdAt: 0,
    expiresAt: undefined,
    revokedAt: undefined,
    replaces: undefined,
    hash: { kind: 'scrypt', parameters, digest: Buffer.from(RIGHT) },
    retrievable: undefined,
  }
  return clientWith({ id: ClientId('good'), credentials: toCredentials([secret]) })
}

/** A process that checks secrets, and whose hashes end on demand. */
function startProcess(clock: { monotonic(): number; now(): number }, guesses: Guesses) {
  const running: (() => void)[] = []
  let client = createClient()
  const slowHash = async (secret: string, _parameters: ScryptParameters): Promise<Buffer> => {
    await new Promise<void>((resolve) => running.push(resolve))
    return secret === RIGHT ? Buffer.from(RIGHT) : Buffer.alloc(RIGHT.length)
  }
  const verifier = new SecretVerifier(clock, randomBytes, Buffer.alloc(32), slowHash)
  return {
    changeClient: () => {
      client = createClient()
    },
    finishHashes: () => {
      for (const finish of running.splice(0)) finish()
    },
    /** @returns the status of the answer */
    ask: async (id: string, secret: string, remoteAddress: string): Promise<number> => {
      const attempted = { clientId: ClientId(id), secret, client: id === 'good' ? client : undefined }
      try {
        return (await findChosenSecret(
          { tenant: DEFAULT_TENANT, secrets: verifier, guesses, replacements: { note: () => {} } },
          { remoteAddress, at: 0 },
          [attempted],
        )) === undefined
          ? 401
          : 200
      } catch (error) {
        const refusal = expectedRefusal(error)
        if (refusal !== undefined) return refusal.status
        throw error
      }
    },
  }
}

interface Flood {
  readonly addressOf: (count: number) => string
  /** Whether each pair of client and address comes again after it was refused. */
  readonly comesAgain: boolean
}

/** A server of several processes under a flood. Durations are counted in hashes. */
function setUp(processes: number, { addressOf, comesAgain }: Flood) {
  const clock = standingClock()
  const limiter = new GuessLimiter(clock)
  const workers = Array.from({ length: processes }, () =>
    startProcess(clock, processes === 1 ? limiter : remote(limiter)),
  )
  const again: (readonly [due: number, count: number])[] = []
  let sent = 0
  let ticks = 0

  const guess = (count: number) => {
    const { ask } = workers[count % workers.length] ?? startProcess(clock, limiter)
    void ask(`nobody-${count}`, `guess ${count}`, addressOf(count)).then((status) => {
      if (status === 429 && comesAgain) again.push([ticks + PAUSE, count])
    })
  }
  /** Lets time pass for one hash. */
  const tick = async (): Promise<void> => {
    ticks += 1
    clock.advance(HASH_MS)
    for (let count = 0; count < FLOOD; count += 1) {
      const [due] = again
      if (due !== undefined && due[0] <= ticks && count % 2 === 0) guess(again.shift()?.[1] ?? 0)
      else {
        sent += 1
        guess(sent)
      }
      if (count % 10 === 0) await settled()
    }
    for (const { finishHashes } of workers) finishHashes()
    await settled()
    await settled()
  }
  /** Logs the client in at any process, and retries each second while it is refused. */
  const logIn = async (from = HOME) => {
    const before = ticks
    for (let tries = 1; ; tries += 1) {
      const { ask } = workers[tries % workers.length] ?? startProcess(clock, limiter)
      let status: number | undefined
      void ask('good', RIGHT, from).then((outcome) => {
        status = outcome
      })
      await settled()
      while (status === undefined) await tick()
      if (status !== 429) return { status, tries, ticks: ticks - before }
      if (ticks - before > 2_000) throw new Error('it is refused for ever')
      for (let waited = 0; waited < PAUSE; waited += 1) await tick()
    }
  }
  const changeClient = () => {
    for (const worker of workers) worker.changeClient()
  }
  return { clock, tick, logIn, changeClient }
}

/** A worker's requests to the primary, over a channel as between processes. */
function remote(limiter: GuessLimiter): RemoteGuesses {
  const takers: { primary?: (message: FromWorker) => void; worker?: (message: FromPrimary) => void } = {}
  const send = <Message>(take: ((message: Message) => void) | undefined, message: Message) => {
    const sent = JSON.parse(JSON.stringify(message)) as Message
    setImmediate(() => take?.(sent))
  }
  const ofWorker: Channel<FromWorker, FromPrimary> = {
    send: (message) => send(takers.primary, message),
    onMessage: (take) => {
      takers.worker = take
    },
  }
  const ofPrimary: Channel<FromPrimary, FromWorker> = {
    send: (message) => send(takers.worker, message),
    onMessage: (take) => {
      takers.primary = take
    },
  }
  const counts = { waiting: 0, capacity: 0, written: 0, failedBatches: 0, lost: 0 }
  const audit = { isFull: false, isFullForRefusals: false, counts, record: () => {}, close: async () => {} }
  serveWorker(ofPrimary, { audit, guesses: limiter })
  return new RemoteGuesses(ofWorker)
}

const fromFew = (n: number) => `127.${10 + (n % 4)}.${(n >> 8) & 255}.${n & 255}`
const fromSite = (n: number) => `2001:db8:77:${(n & 0xffff).toString(16)}::1`
const fromNear = (n: number) => `203.0.${(n >> 8) & 255}.${n & 255}`
const fromAll = (n: number) => `${1 + (n % 200)}.${(n * 7) & 255}.${(n >> 8) & 255}.${n & 255}`

/** The sources of a flood, and the most hashes and tries that a new client needs. */
const floods: [string, Flood, { readonly ticks: number; readonly tries: number }][] = [
  ['a few providers', { addressOf: fromFew, comesAgain: false }, { ticks: 6, tries: 1 }],
  ['a few providers, each address repeatedly', { addressOf: fromFew, comesAgain: true }, { ticks: 12, tries: 1 }],
  ['one IPv6 site', { addressOf: fromSite, comesAgain: false }, { ticks: 6, tries: 1 }],
  ['one IPv6 site, each network repeatedly', { addressOf: fromSite, comesAgain: true }, { ticks: 12, tries: 1 }],
  ['neighbouring addresses', { addressOf: fromNear, comesAgain: false }, { ticks: 12, tries: 2 }],
  ['the whole world', { addressOf: fromAll, comesAgain: false }, { ticks: 12, tries: 2 }],
  ['the whole world, each address repeatedly', { addressOf: fromAll, comesAgain: true }, { ticks: 2_000, tries: 400 }],
]

describe.each([1, 2])('guess-spray: %i process(es) under a flood of guesses at unknown clients', (processes) => {
  test.each(floods)(
    'from %s',
    async (_name, flood, most) => {
      const { tick, logIn, changeClient } = setUp(processes, flood)
      for (let ticks = 0; ticks < 20; ticks += 1) await tick()
      const first = await logIn()
      expect(first.status).toBe(200)
      expect(first.tries).toBeLessThanOrEqual(most.tries)
      expect(first.ticks).toBeLessThanOrEqual(most.ticks)

      // Its secret is forgotten; its success from this address isn't.
      changeClient()
      const second = await logIn()
      expect(second).toMatchObject({ status: 200, tries: 1 })
      // The running hash, at most one turn of others, and its own.
      expect(second.ticks).toBeLessThanOrEqual(3)
      const third = await logIn()
      expect(third).toMatchObject({ status: 200, tries: 1 })
      // The secret is remembered. With several processes, only the request to the primary takes time.
      expect(third.ticks).toBeLessThanOrEqual(3 * (processes - 1))
    },
    // The bounds are in hashes. On a busy machine, the longest flood takes minutes.
    300_000,
  )
})
