import type { Environment } from '../../src/server/server.ts'

/**
 * For tests with many refusals, or about the reason for one: the server delays no refusal, and waits for keys without
 * limit.
 */
export const unheld: NonNullable<Environment['holds']> = {
  begin: () => ({ over: Promise.resolve(), patience: new Promise(() => {}), release: () => {} }),
}
