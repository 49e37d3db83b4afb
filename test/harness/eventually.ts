import { vi } from 'vitest'
import { PATIENCE } from './until.ts'

/** Repeats assertions until they hold. @returns their result @throws the last failure, once a minute is over */
export const eventually = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: PATIENCE })
