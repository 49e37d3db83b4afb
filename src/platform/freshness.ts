/** Every process applies a change within this time. A process whose data is older must not answer from it. Milliseconds. */
export const FRESH_MS = 1_000
