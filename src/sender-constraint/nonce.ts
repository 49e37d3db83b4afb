import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase64url } from '../platform/base64url.ts'
import type { Clock } from '../platform/clock.ts'

/**
 * How long the server offers one nonce, in milliseconds. A proof made ahead of time is usable for two such periods at
 * most (RFC 9449 §11.2).
 */
const SLOT_MS = 2 * 60_000
const SLOT_BYTES = 4
/** The slot and the MAC have 21 bytes: 28 characters of base64url, without unused bits. */
const MAC_BYTES = 17

/**
 * The nonces of DPoP proofs (RFC 9449 §8): the time and a MAC of it. The server stores none, so that every node with
 * the same secret accepts them. They are not secret: any client gets one.
 */
export class DpopNonces {
  readonly #secrets: () => readonly [Buffer, ...Buffer[]]
  readonly #clock: Clock
  #current = { slot: Number.NaN, nonce: '' }

  /**
   * @param secrets called for each nonce. The first makes nonces; all are accepted, so that the master key can change
   */
  constructor(secrets: () => readonly [Buffer, ...Buffer[]], clock: Clock) {
    this.#secrets = secrets
    this.#clock = clock
  }

  /** The current value of `DPoP-Nonce`. It changes every two minutes. */
  current(): string {
    const slot = this.#slot()
    if (slot !== this.#current.slot) {
      const nonce = Buffer.concat([encodeSlot(slot), macOf(slot, this.#secrets()[0])]).toString('base64url')
      this.#current = { slot, nonce }
    }
    return this.#current.nonce
  }

  /** Whether a nonce is of the current two minutes, of the two before, or of a node whose clock is a little fast. */
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
