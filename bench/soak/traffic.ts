import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Child, cores, type Workspace } from '../workspace.ts'
import type { TrafficOrder, TrafficReport, TrafficSetup } from './traffic-order.ts'

/** The process that sends the load and checks each answer. */
export class Traffic {
  readonly #child: Child
  readonly #reports: AsyncIterator<string>
  #last: Promise<unknown> = Promise.resolve()

  constructor(workspace: Workspace, setup: TrafficSetup) {
    const file = fileURLToPath(new URL('./traffic-process.ts', import.meta.url))
    this.#child = workspace.start({ args: [file], usesAllCores: true }, cores.load)
    this.#reports = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stdin.write(`${JSON.stringify(setup)}\n`)
  }

  /** Resolves with all that was counted so far. */
  order(order: TrafficOrder): Promise<TrafficReport> {
    const answered = this.#last.then(() => this.#send(order))
    this.#last = answered.catch(() => {})
    return answered
  }

  async #send(order: TrafficOrder): Promise<TrafficReport> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`)
    const { value, done } = await this.#reports.next()
    if (done) throw new Error(`the load ended:\n${this.#child.tail}`)
    return JSON.parse(value)
  }
}
