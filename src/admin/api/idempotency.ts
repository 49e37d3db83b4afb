import { hash } from 'node:crypto'
import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import { DAY_MS } from '../../platform/clock.ts'
import { DomainError } from '../../platform/domain-error.ts'
import { Conflict, UserError } from '../../platform/user-error.ts'
import { InvalidBody, InvalidParameters } from '../operations/input.ts'
import type { Caller } from './caller.ts'
import type { OnceResponse } from './once-response.ts'

/** For how long the first answer is repeated. Milliseconds. */
const KEPT_MS = DAY_MS
/** For how long a key is held by a request of which nobody knows the outcome. Milliseconds. */
const HELD_MS = 60_000
/** Characters of a kept body. A longer answer is not repeated. */
const LONGEST_KEPT = 64 * 1024
const KEY = /^[\x21-\x7e]{1,255}$/

/** The first answer to a request. */
export interface KeptAnswer {
  readonly status: number
  readonly location: string | undefined
  readonly etag: string | undefined
  readonly body: string
}

/** A key that was used before. */
export interface UsedKey {
  /** The digest of the request that used it first. */
  readonly request: string
  /** Undefined while that request is under way. */
  readonly answer: KeptAnswer | undefined
}

/** Stores the keys of one tenant. Every call rejects if the database fails. */
export interface IdempotencyStore {
  /**
   * Takes a key until `until`, or returns its earlier use. Exactly one of several callers takes it.
   * @param id a digest of caller and key @param now milliseconds; an earlier use that has expired by then is forgotten
   */
  begin(id: string, request: string, now: number, until: number): Promise<UsedKey | undefined>
  complete(id: string, answer: KeptAnswer, until: number): Promise<void>
  /** Gives a key back, since its request has changed nothing. */
  release(id: string): Promise<void>
  /** Removes at most `most` expired keys of any tenant. @returns how many */
  prune(now: number, most: number): Promise<number>
}

/**
 * Repeats the first answer to a request with the same `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07), for a day and
 * without the secrets that the first answer showed.
 */
export class Idempotency {
  readonly #store: IdempotencyStore

  constructor(store: IdempotencyStore) {
    this.#store = store
  }

  /** @throws Conflict while the first request is under way, InvalidBody if it was another one; the errors of `call` */
  async once(caller: Caller, request: HttpRequest, call: () => Promise<OnceResponse>): Promise<HttpResponse> {
    const { 'idempotency-key': key } = request.headers
    if (key === undefined) return call()
    if (typeof key !== 'string' || !KEY.test(key))
      throw new InvalidParameters([{ parameter: 'Idempotency-Key', detail: 'must be 1 to 255 visible characters' }])
    const id = digest(caller.actor, key)
    const content = digest(request.method, request.path, request.query, request.body.toString('base64'))
    const used = await this.#store.begin(id, content, request.at, request.at + HELD_MS)
    if (used !== undefined) return repeat(used, content)
    const response = await call().catch(async (error: unknown) => {
      // A mistake has changed nothing, and nor has a hash that found no room, so that the next request may use the key again.
      if (error instanceof UserError || isQueueFull(error)) await this.#store.release(id)
      throw error
    })
    const { status, headers, body, repeated = body } = response
    const kept = { status, location: headers['Location'], etag: headers['ETag'], body: repeated }
    if (repeated.length <= LONGEST_KEPT) await this.#store.complete(id, kept, request.at + KEPT_MS)
    return { status, headers, body }
  }
}

const isQueueFull = (error: unknown): boolean => error instanceof DomainError && error.reason === 'secret_queue_full'

const digest = (...parts: readonly unknown[]): string => hash('sha256', JSON.stringify(parts), 'base64url')

function repeat({ request, answer }: UsedKey, content: string): HttpResponse {
  if (request !== content)
    throw new InvalidBody([{ pointer: '', detail: 'differs from the first request with this Idempotency-Key' }])
  if (answer === undefined)
    throw new Conflict(
      'the first request with this Idempotency-Key is under way, or its outcome is not known: read what is there',
    )
  const { status, location, etag, body } = answer
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'Idempotency-Replayed': 'true',
      ...(location !== undefined && { Location: location }),
      ...(etag !== undefined && { ETag: etag }),
    },
    body,
  }
}
