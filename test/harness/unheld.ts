import type { World } from '../../src/server/server.ts'

/** For tests of many refusals, or of why one came: none is held back, and keys are waited for until they come. */
export const unheld: NonNullable<World['holds']> = {
  begin: () => ({ over: Promise.resolve(), patience: new Promise(() => {}), release: () => {} }),
}
