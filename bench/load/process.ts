import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Child, cores, type Workspace } from '../workspace.ts'
import type { LoadOrder, LoadOutcome, LoadResult } from './order.ts'

/** The load generator's process, on its own core. It outlives the measurements, so that its code is warm for all. */
export class LoadProcess {
  readonly #child: Child
  readonly #outcomes: AsyncIterator<string>

  constructor(workspace: Workspace) {
    const file = fileURLToPath(new URL('./generator.ts', import.meta.url))
    this.#child = workspace.start({ args: [file] }, cores.load)
    this.#outcomes = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Rejects if any answer wasn't 200. */
  async run(order: LoadOrder): Promise<LoadResult> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`)
    const { value, done } = await this.#outcomes.next()
    if (done) throw new Error(`the load ended:\n${this.#child.tail}`)
    const outcome: LoadOutcome = JSON.parse(value)
    if ('failure' in outcome) throw new Error(outcome.failure)
    return outcome
  }
}
