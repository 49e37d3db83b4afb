import { DomainError } from '../../platform/domain-error.ts'

/** More secrets wait to be hashed than the queue holds. Another attempt may succeed a second later. */
export class SecretQueueFull extends DomainError {
  override readonly name = 'SecretQueueFull'

  constructor() {
    super('secret_queue_full', { retryAfter: 1 })
  }
}

interface FairQueueLimits<Class extends string> {
  /** The most jobs that run at once. */
  readonly concurrency: number
  /** The most waiting jobs of each class. No class takes the room of another. */
  readonly waiting: Readonly<Record<Class, number>>
  /** The order of turns, repeated. A class without waiting jobs is skipped. */
  readonly turns: readonly Class[]
}

/** The place where a job waits. */
export interface Place<Class extends string> {
  readonly class: Class
  /** The nested lanes of the job, the widest first. */
  readonly lanes: readonly string[]
}

interface Job {
  start(): void
  turnAway(): void
}

/**
 * Runs slow jobs, a few at a time. Waiting jobs take turns by class, and within a class by lane. So a flood in one lane delays any
 * other lane by one job. If a class is full, the job that has waited longest in its fullest lane is turned away. So a flood turns
 * away its own jobs, as long as it has fewer lanes than there are places. The limits bound the memory.
 */
export class FairQueue<Class extends string> {
  readonly #limits: FairQueueLimits<Class>
  readonly #classes = new Map<Class, Lanes>()
  #turn = 0
  #running = 0

  constructor(limits: FairQueueLimits<Class>) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    let waiting = 0
    for (const lanes of this.#classes.values()) waiting += lanes.size
    return waiting
  }

  /** Runs `work` when its turn comes. @throws SecretQueueFull if there is no room, or another job takes its place */
  async run<Result>(place: Place<Class>, work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limits.concurrency) await this.#wait(place)
    else this.#running += 1
    try {
      return await work()
    } finally {
      this.#finish()
    }
  }

  #wait({ class: name, lanes: path }: Place<Class>): Promise<void> {
    const lanes = this.#classes.get(name) ?? new Lanes()
    this.#classes.set(name, lanes)
    return new Promise((start, reject) => {
      lanes.add(path, { start, turnAway: () => reject(new SecretQueueFull()) })
      if (lanes.size > this.#limits.waiting[name]) lanes.takeFromFullest()?.turnAway()
    })
  }

  /** Gives the place of a finished job to the next one. */
  #finish(): void {
    const { turns } = this.#limits
    const fromNow = [...turns.slice(this.#turn), ...turns.slice(0, this.#turn)]
    for (const [passed, name] of fromNow.entries()) {
      const next = this.#classes.get(name)?.takeNext()
      if (next === undefined) continue
      this.#turn = (this.#turn + passed + 1) % turns.length
      next.start()
      return
    }
    this.#running -= 1
  }
}

/** Waiting jobs in lanes. A lane may be divided into narrower ones. */
class Lanes {
  /** The lanes in the order of their turns, the next one first. */
  readonly #lanes = new Map<string, Lanes>()
  /** The jobs of a lane that is not divided. */
  readonly #jobs: Job[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add([name, ...narrower]: readonly string[], job: Job): void {
    this.#size += 1
    if (name === undefined) {
      this.#jobs.push(job)
      return
    }
    const lane = this.#lanes.get(name) ?? new Lanes()
    this.#lanes.set(name, lane)
    lane.add(narrower, job)
  }

  /** Takes the job whose turn it is, and puts its lane last. */
  takeNext(): Job | undefined {
    const [next] = this.#lanes
    if (next === undefined) return this.#takeOwn()
    const [name, lane] = next
    this.#lanes.delete(name)
    const job = lane.takeNext()
    if (lane.size > 0) this.#lanes.set(name, lane)
    this.#size -= 1
    return job
  }

  /** Takes the job that has waited longest in the fullest lane. */
  takeFromFullest(): Job | undefined {
    const [first, ...others] = this.#lanes
    if (first === undefined) return this.#takeOwn()
    const [name, lane] = others.reduce((fullest, other) => (other[1].size > fullest[1].size ? other : fullest), first)
    const job = lane.takeFromFullest()
    if (lane.size === 0) this.#lanes.delete(name)
    this.#size -= 1
    return job
  }

  #takeOwn(): Job | undefined {
    const job = this.#jobs.shift()
    if (job !== undefined) this.#size -= 1
    return job
  }
}
