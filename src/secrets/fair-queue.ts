/** Client secrets: made, hashed and verified. May import `oauth` and `platform`. */

/** Thrown when a job finds no room to wait in. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
}

interface FairQueueLimits {
  /** Jobs that run at once. */
  readonly concurrency: number
  /** Jobs that wait at once, all lanes together. */
  readonly waiting: number
  /** Jobs that wait at once in one lane. */
  readonly waitingInLane: number
}

type Job = () => void

/**
 * Runs slow jobs a few at a time. Who waits, waits in a lane of its own, and lanes take turns: a flood in one lane
 * delays any other by one job, and finds the lane full soon. Memory is bounded by the limits.
 */
export class FairQueue {
  readonly #limits: FairQueueLimits
  /** Waiting jobs by lane; the first lane is the next to be served. */
  readonly #lanes = new Map<string, Job[]>()
  #waiting = 0
  #running = 0

  constructor(limits: FairQueueLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Runs `work` when its turn comes. @throws QueueFull at once where there is no room */
  async run<Result>(lane: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limits.concurrency) await this.#turn(lane)
    else this.#running += 1
    try {
      return await work()
    } finally {
      this.#finish()
    }
  }

  #turn(lane: string): Promise<void> {
    const jobs = this.#lanes.get(lane) ?? []
    if (this.#waiting >= this.#limits.waiting || jobs.length >= this.#limits.waitingInLane) throw new QueueFull()
    this.#waiting += 1
    return new Promise((resolve) => {
      jobs.push(resolve)
      this.#lanes.set(lane, jobs)
    })
  }

  /** Hands the place of a finished job to the lane whose turn it is. */
  #finish(): void {
    const [next] = this.#lanes
    if (next === undefined) {
      this.#running -= 1
      return
    }
    const [lane, jobs] = next
    this.#lanes.delete(lane)
    const start = jobs.shift()
    if (jobs.length > 0) this.#lanes.set(lane, jobs)
    this.#waiting -= 1
    start?.()
  }
}
