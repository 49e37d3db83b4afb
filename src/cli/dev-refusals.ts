import { explanationBody } from '../admin/operations/explanations.ts'
import type { AuditTrail } from '../audit/store.ts'
import { type ExplainingContext, explainEvent } from '../management/explanations/explain.ts'
import type { Clock } from '../platform/clock.ts'
import { explanationLines } from './explanation-text.ts'
import { say } from './output.ts'

/** Milliseconds. */
const INTERVAL_MS = 500
/** Events that are read at once. If more came, the oldest of them are only counted. */
const MOST_READ = 1_000
/** The most explanations in a period. A person could not read more. */
export const BUDGET = { explanations: 10, milliseconds: 10_000 } as const

/** Explains the refusals of a development server as they come, on standard error. */
export class RefusalNarrator {
  readonly #context: ExplainingContext
  readonly #audit: AuditTrail
  readonly #clock: Clock
  readonly #tell: (line: string) => void
  #after: number | undefined
  #since: number
  #told = 0
  #untold = 0
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()

  constructor(context: ExplainingContext, tell: (line: string) => void = say) {
    this.#context = context
    this.#audit = context.store.audit
    this.#clock = context.clock
    this.#tell = tell
    this.#since = context.clock.monotonic()
  }

  /** Begins with the refusals that come from now on. */
  async start(): Promise<void> {
    const [last] = await this.#audit.listEvents({ limit: 1 })
    this.#after = last?.seq ?? 0
    // The database may be busy or away. The next call reads the same events.
    this.#timer = setInterval(() => this.tellNew().catch(() => {}), INTERVAL_MS).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#reading
  }

  /** Explains the refusals since the last call. Rejects if the database fails. */
  tellNew(): Promise<void> {
    const telling = this.#reading.then(() => this.#tellUnread())
    this.#reading = telling.catch(() => {})
    return telling
  }

  async #tellUnread(): Promise<void> {
    const events = await this.#audit.listEvents({ limit: MOST_READ, after: this.#after })
    for (const event of events) {
      this.#renewBudget()
      if (event.result === 'refused') {
        if (this.#told < BUDGET.explanations) {
          const explanation = await explainEvent(this.#context, event)
          if (explanation !== undefined) this.#tell(['', ...explanationLines(explanationBody(explanation))].join('\n'))
          this.#told += 1
        } else this.#untold += 1
      }
      this.#after = event.seq
    }
    this.#renewBudget()
  }

  #renewBudget(): void {
    const now = this.#clock.monotonic()
    if (now - this.#since < BUDGET.milliseconds) return
    if (this.#untold > 0) this.#tell(`\nand ${this.#untold} more refusals: tessera audit tail shows them`)
    this.#since = now
    this.#told = 0
    this.#untold = 0
  }
}
