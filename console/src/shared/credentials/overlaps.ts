const HOUR = 3_600
const DAY = 24 * HOUR

/** The times for which an old credential stays valid beside its successor. Seconds. */
export const overlaps = [
  { seconds: 0, name: 'none' },
  { seconds: HOUR, name: 'hour' },
  { seconds: DAY, name: 'day' },
  { seconds: 7 * DAY, name: 'week' },
  { seconds: 30 * DAY, name: 'month' },
  { seconds: 90 * DAY, name: 'quarter' },
] as const

/** A week: enough for a deployment, and short enough not to be forgotten. */
export const usualOverlap = 7 * DAY
