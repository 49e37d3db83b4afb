import { pbkdf2Sync } from 'node:crypto'
import { hashSync } from 'bcryptjs'

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

interface Pbkdf2 {
  readonly prf?: string
  readonly iterations?: number
  readonly length?: number
  readonly salt?: Buffer
}

/** A hash as Ory Hydra writes it. */
export function pbkdf2Hash(
  secret: string,
  { prf = 'sha256', iterations = 1_000, length = 32, salt = Buffer.alloc(16, 's') }: Pbkdf2 = {},
): string {
  const digest = pbkdf2Sync(secret, salt, iterations, length, prf)
  return `$pbkdf2-${prf}$i=${iterations},l=${length}$${base64(salt)}$${base64(digest)}`
}

/** @param version `2a`, `2b` or `2y` */
export const bcryptHash = (secret: string, version = '2b', cost = '04'): string =>
  hashSync(secret, `$${version}$${cost}$abcdefghijklmnopqrstuu`)
