/** The verdict of a soak: whether anything grew, and whether any answer was not the expected one. */

/** A value at a time of the run, in seconds. */
export interface Point {
  readonly at: number
  readonly value: number
}

/** The growth that counts as none: a share of the value before, and an amount on top. */
export interface Tolerance {
  readonly share: number
  readonly amount: number
}

export interface Series {
  readonly name: string
  readonly unit: 'bytes' | 'rows' | 'count' | 'ms'
  /** Undefined if the values are only reported. */
  readonly tolerance: Tolerance | undefined
  readonly points: readonly Point[]
}

/** An answer or a line of the log that was not the expected one. */
export interface Unexpected {
  readonly what: string
  readonly count: number
}

/** How a series went after the warm-up, which is the first quarter of a run. */
export interface Course {
  readonly name: string
  readonly unit: Series['unit']
  /** The first value of the run. */
  readonly start: number
  /** The median of the second quarter. */
  readonly before: number
  /** The median of the last quarter. */
  readonly after: number
  /** The last value. */
  readonly end: number
  readonly most: number
  readonly verdict: 'flat' | 'grows' | 'reported' | 'too short to judge'
}

/** Fewer points than these say nothing about growth. */
const LEAST_POINTS = 24

/**
 * Judges a series. It grows if both hold: the medians of the second and the last quarter differ by more than the tolerance, and the
 * robust slope of the last half would make that difference by itself. So a rise that has ended is no growth, and a leak is.
 */
export function courseOf({ name, unit, tolerance, points }: Series): Course {
  const begin = points[0]?.at ?? 0
  const quarter = ((points.at(-1)?.at ?? 0) - begin) / 4
  const from = (quarters: number) => points.filter(({ at }) => at >= begin + quarters * quarter)
  const second = from(1).filter(({ at }) => at < begin + 2 * quarter)
  const before = median(second.map(({ value }) => value))
  const after = median(from(3).map(({ value }) => value))
  const [start, end] = [points[0]?.value ?? Number.NaN, points.at(-1)?.value ?? Number.NaN]
  const found = { name, unit, start, before, after, end, most: mostOf(points) }
  if (tolerance === undefined) return { ...found, verdict: 'reported' }
  if (points.length < LEAST_POINTS) return { ...found, verdict: 'too short to judge' }
  const allowed = tolerance.share * Math.abs(before) + tolerance.amount
  // Two quarters lie between the middles of the second and the last one.
  const ongoing = slopeOf(from(2)) * 2 * quarter
  return { ...found, verdict: after - before > allowed && ongoing > allowed ? 'grows' : 'flat' }
}

/** The outcome of a soak. It fails if `faults` has a line. */
export interface Verdict {
  readonly courses: readonly Course[]
  readonly faults: readonly string[]
}

export function judge(series: readonly Series[], unexpected: readonly Unexpected[]): Verdict {
  const courses = series.map(courseOf)
  const growing = courses.filter(({ verdict }) => verdict === 'grows')
  return {
    courses,
    faults: [
      ...growing.map(({ name, unit, before, after }) => `${name} grows: ${show(before, unit)} to ${show(after, unit)}`),
      ...unexpected.map(({ what, count }) => `${count} × ${what}`),
    ],
  }
}

/** The Theil–Sen estimator: the median of the slopes between all pairs of points, per second. */
export function slopeOf(points: readonly Point[]): number {
  const slopes = points.flatMap((one, index) =>
    points.slice(index + 1).map((other) => (other.value - one.value) / (other.at - one.at)),
  )
  return slopes.length === 0 ? 0 : median(slopes)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

const mostOf = (points: readonly Point[]): number => points.reduce((most, { value }) => Math.max(most, value), 0)

export function show(value: number, unit: Series['unit']): string {
  if (Number.isNaN(value)) return '–'
  if (unit === 'bytes') return `${(value / 1e6).toFixed(1)} MB`
  if (unit === 'ms') return `${value.toFixed(1)} ms`
  return Math.round(value).toLocaleString('en')
}
