import { fileURLToPath } from 'node:url'
import type { TokenKind } from '../fleet.ts'
import type { BenchServer } from './server.ts'

/**
 * What no server in this language can beat: HTTP, a form, a signature or its verification, and nothing else. For sealed
 * tokens, HTTP alone: its tokens only look like sealed ones.
 */
export const floor = (tokens: TokenKind): BenchServer => ({
  name: 'floor',
  tokens,
  isBlind: tokens === 'sealed',
  prepare: async () => ({ args: [fileURLToPath(new URL('./floor-process.ts', import.meta.url)), tokens] }),
})
