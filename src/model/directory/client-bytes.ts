import { approximateBytes } from '../../platform/bytes.ts'
import type { Client, UnreadableClient } from '../client.ts'
import type { Shapes } from './shapes.ts'

/** The bytes for the tables of the cache. */
const PER_CLIENT = 256
/** The bytes of a parsed key, most of them outside of the heap: of RSA, for each character of its modulus, and of any other key. */
const KEY = { rsa: 2_048, character: 8, other: 1_024 }

/** The approximate bytes of a client in memory. Each of its credentials is in two lists. */
export function bytesOfClient({ credentials, ...client }: Client | UnreadableClient, shapes: Shapes): number {
  const { all, unreadable } = credentials
  const values = approximateBytes([client, all, unreadable], (names) => shapes.bytesOf(names))
  return jwksOf(credentials).reduce((sum, jwk) => sum + bytesOfKey(jwk), PER_CLIENT + values)
}

/** The keys that are parsed once they are needed, and stay in memory with the client. */
const jwksOf = ({ keys, federated }: Client['credentials']) => [
  ...keys.flatMap(({ source }) => ('jwks' in source ? source.jwks : [])),
  ...federated.flatMap(({ trust }) => trust.jwks ?? []),
]

const bytesOfKey = ({ n: modulus }: Readonly<Record<string, unknown>>): number =>
  typeof modulus === 'string' ? KEY.rsa + KEY.character * modulus.length : KEY.other
