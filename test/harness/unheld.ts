import type { Environment } from '../../src/server/server.ts'

/** For tests of many refusals, or of why one came: none is held back, and keys are waited for until they come. */
export const unheld: NonNullable<Environment['holds']> = {
  begin: () => ({ over: Promise.resolve(), patience: new Promise(() => {}), release: () => {} }),
}
