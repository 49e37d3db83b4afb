/** Within this time every process honours what any has written: one that knows less must not answer as if it knew. Milliseconds. */
export const FRESH_MS = 1_000
