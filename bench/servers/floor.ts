import { fileURLToPath } from 'node:url'
import { clientKey } from '../client-key.ts'
import type { TokenKind } from '../fleet.ts'
import type { BenchServer } from './server.ts'

/**
 * The upper bound for any server in this language: HTTP, a form, a signature or its verification, and nothing else. Its
 * sealed tokens only look sealed, so that they measure HTTP alone. @param more the further verification, one signature
 * a request: the client's assertion or its DPoP proof
 */
export const floor = (tokens: TokenKind, more: Pick<BenchServer, 'presents' | 'isBound'> = {}): BenchServer => ({
  name: 'floor',
  tokens,
  isBlind: tokens === 'sealed',
  ...more,
  prepare: async () => ({
    args: [fileURLToPath(new URL('./floor-process.ts', import.meta.url)), tokens, verified(more)],
    env: { FLOOR_CLIENT_KEY: JSON.stringify(clientKey.publicJwk) },
  }),
})

const verified = ({ presents, isBound }: Pick<BenchServer, 'presents' | 'isBound'>): string =>
  presents === 'assertion' ? 'assertion' : isBound === true ? 'proof' : 'nothing'
