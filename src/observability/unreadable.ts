import type { Unreadable } from '../platform/unreadable.ts'
import type { Logger } from './log.ts'
import type { Readings } from './readings.ts'

const KINDS = [
  'api',
  'client',
  'credential',
  'group',
  'key',
  'revocation',
] as const satisfies readonly Unreadable['kind'][]

/** Logs and counts records that can't be read. */
export class UnreadableRecords {
  readonly #log: Pick<Logger, 'error'>
  readonly #met = new Map<Unreadable['kind'], number>(KINDS.map((kind) => [kind, 0]))

  constructor(log: Pick<Logger, 'error'>) {
    this.#log = log
  }

  /** Logs and counts a record. Call it once for each unreadable record. */
  report({ kind, id, problem }: Unreadable): void {
    this.#met.set(kind, (this.#met.get(kind) ?? 0) + 1)
    this.#log.error({ record: kind, id, problem }, 'a record in the database can not be read; all others are used')
  }

  read(): Readings {
    return { tessera_records_unreadable_total: [...this.#met].map(([kind, value]) => ({ labels: { kind }, value })) }
  }
}
