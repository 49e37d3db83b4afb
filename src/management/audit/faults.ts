/** One thing in the audit log that its proof contradicts. */
export interface Fault {
  readonly problem: string
  readonly chain?: number
  readonly place?: number
  /** The number of the event. */
  readonly seq?: number
  /** Milliseconds, as the event says. */
  readonly at?: number
}

/** The most faults that are listed. The others are counted. */
const MOST_LISTED = 1_000

export class Faults {
  readonly listed: Fault[] = []
  count = 0

  add(problem: string, where: Omit<Fault, 'problem'> = {}): void {
    this.count += 1
    if (this.listed.length < MOST_LISTED) this.listed.push({ problem, ...where })
  }
}
