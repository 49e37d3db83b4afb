/** Every process honours a change within this time. A process that knows less must not answer as if it knew more. Milliseconds. */
export const FRESH_MS = 1_000
