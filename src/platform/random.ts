import { randomFillSync } from 'node:crypto'
import type { Clock } from './clock.ts'

/** Returns `size` random bytes that are fit for secrets. */
export type RandomBytes = (size: number) => Buffer

const POOL_SIZE = 4096
let pool = Buffer.alloc(POOL_SIZE)
let taken = POOL_SIZE

/** The randomness of the system, read a page at a time, so that one system call serves some hundred ids. */
export const systemRandom: RandomBytes = (size) => {
  if (size > POOL_SIZE) return randomFillSync(Buffer.alloc(size))
  if (taken + size > POOL_SIZE) {
    // Each page is a new buffer, since callers still hold parts of the old one.
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_SIZE))
    taken = 0
  }
  taken += size
  return pool.subarray(taken - size, taken)
}

/**
 * Makes a UUID of version 7 (RFC 9562 §5.7). Its text sorts by the millisecond in which it was made, so an index over such ids
 * grows at its end only.
 */
export function uuidv7(clock: Clock, random: RandomBytes): string {
  const bytes = random(10)
  bytes[0] = 0x70 | ((bytes[0] ?? 0) & 0x0f)
  bytes[2] = 0x80 | ((bytes[2] ?? 0) & 0x3f)
  const rest = bytes.toString('hex')
  return `${timePrefix(clock.now())}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8)}`
}

let last = { now: Number.NaN, prefix: '' }

/** The first 48 bits. Under load many ids are made in one millisecond. */
function timePrefix(now: number): string {
  if (now !== last.now) {
    const time = now.toString(16).padStart(12, '0')
    last = { now, prefix: `${time.slice(0, 8)}-${time.slice(8)}` }
  }
  return last.prefix
}

/** The millisecond in which a UUID of version 7 was made (RFC 9562 §5.7). Undefined for any other text. */
export function uuidv7Time(uuid: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(uuid) ?? []
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16)
}
