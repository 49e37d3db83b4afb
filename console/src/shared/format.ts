const number = new Intl.NumberFormat('en')
const full = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' })

/** A number of things. */
export const count = (value: number): string => number.format(value)

/** A moment with its day of the week, to the minute. @param at milliseconds */
export const exactDate = (at: number): string => full.format(at)
