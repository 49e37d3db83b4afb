const HOUR = 3_600
const DAY = 24 * HOUR

/** The times for which an old credential stays valid beside its successor. Seconds. */
export const overlaps = [
  { seconds: 0, words: 'It ends at once' },
  { seconds: HOUR, words: 'An hour' },
  { seconds: DAY, words: 'A day' },
  { seconds: 7 * DAY, words: 'A week' },
  { seconds: 30 * DAY, words: 'Thirty days' },
  { seconds: 90 * DAY, words: 'Ninety days' },
] as const

/** A week: enough for a deployment, and short enough not to be forgotten. */
export const usualOverlap = 7 * DAY
