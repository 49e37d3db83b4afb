import { createSecretKey, hash } from 'node:crypto'
import { openBox, sealBox } from '../../crypto/box.ts'
import type { MasterKey } from '../../crypto/master-key.ts'
import { decodeBase64url } from '../../platform/base64url.ts'
import type { RandomBytes } from '../../platform/random.ts'
import type { Cursors } from '../operations/cursor.ts'

/** Cursors that only servers with the same master key can make and read. A cursor names things that its reader may not see. */
export class SealedCursors implements Cursors {
  readonly #masterKey: Pick<MasterKey, 'derive'>
  readonly #random: RandomBytes

  constructor(masterKey: Pick<MasterKey, 'derive'>, random: RandomBytes) {
    this.#masterKey = masterKey
    this.#random = random
  }

  seal(place: unknown, purpose: string): string {
    const [key] = this.#keys()
    const box = sealBox(Buffer.from(JSON.stringify(place)), createSecretKey(key), digest(purpose), this.#random)
    return box.toString('base64url')
  }

  open(cursor: string, purpose: string): unknown {
    const box = decodeBase64url(cursor)
    if (box === undefined) return undefined
    for (const key of this.#keys()) {
      const place = openBox(box, createSecretKey(key), digest(purpose))
      if (place !== undefined) return JSON.parse(place.toString('utf8'))
    }
    return undefined
  }

  #keys() {
    return this.#masterKey.derive('admin cursor')
  }
}

const digest = (purpose: string): Buffer => hash('sha256', purpose, 'buffer')
