import { Conflict } from '../../platform/user-error.ts'

/** The number of attempts. An attempt fails if somebody else changes the model between its plan and its commit. */
const ATTEMPTS = 20

/**
 * Repeats an attempt to change the model until nobody else has changed it meanwhile.
 * @param attempt returns undefined if somebody has
 * @throws Conflict if others keep changing the model; the errors of `attempt`
 */
export async function untilCommitted<Result>(attempt: () => Promise<Result | undefined>): Promise<Result> {
  for (let count = 1; count <= ATTEMPTS; count += 1) {
    const result = await attempt()
    if (result !== undefined) return result
  }
  throw new Conflict('others kept changing clients or APIs, and nothing was written: try again')
}
