import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase64url } from '../platform/base64url.ts'
import type { Clock } from '../platform/clock.ts'

/** Milliseconds. A proof made ahead of time is of use for two of these at most (RFC 9449 §11.2). */
const SLOT_MS = 2 * 60_000
const SLOT_BYTES = 4
/** With the slot it makes 28 characters of base64url, none of whose bits mean nothing. */
const MAC_BYTES = 17

/**
 * The nonces that DPoP proofs carry (RFC 9449 §8): the time, and a MAC of it. Nothing is kept of them, so that each node
 * with the same secret takes those of every other. They are no secrets: whoever asks is given one.
 */
export class DpopNonces {
  readonly #secrets: () => readonly [Buffer, ...Buffer[]]
  readonly #clock: Clock
  #current = { slot: Number.NaN, nonce: '' }

  /** @param secrets called each time: the first makes nonces, all are accepted, as during a change of the master key */
  constructor(secrets: () => readonly [Buffer, ...Buffer[]], clock: Clock) {
    this.#secrets = secrets
    this.#clock = clock
  }

  /** What `DPoP-Nonce` offers now; another one every two minutes. */
  current(): string {
    const slot = this.#slot()
    if (slot !== this.#current.slot) {
      const nonce = Buffer.concat([encodeSlot(slot), macOf(slot, this.#secrets()[0])]).toString('base64url')
      this.#current = { slot, nonce }
    }
    return this.#current.nonce
  }

  /** Whether a nonce is of now, of the two minutes before, or of a node whose clock is a little fast. */
  accepts(nonce: string): boolean {
    const bytes = decodeBase64url(nonce)
    if (bytes?.length !== SLOT_BYTES + MAC_BYTES) return false
    const slot = bytes.readUInt32BE()
    if (Math.abs(slot - this.#slot()) > 1) return false
    const mac = bytes.subarray(SLOT_BYTES)
    return this.#secrets().some((secret) => timingSafeEqual(mac, macOf(slot, secret)))
  }

  #slot(): number {
    return Math.floor(this.#clock.now() / SLOT_MS)
  }
}

function encodeSlot(slot: number): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES)
  bytes.writeUInt32BE(slot)
  return bytes
}

const macOf = (slot: number, secret: Buffer): Buffer =>
  createHmac('sha256', secret).update('tessera dpop nonce').update(encodeSlot(slot)).digest().subarray(0, MAC_BYTES)
