import { membersOf } from './members.ts'

/** A record in the database that can't be read. Other records are not affected by it. */
export interface Unreadable {
  readonly kind: 'account' | 'api' | 'client' | 'credential' | 'group' | 'key' | 'revocation'
  /** The id in its row. */
  readonly id: string
  /** The problem in our words, never with content of the row. */
  readonly problem: string
  /** The manifest that owns a client or an API, as far as it is known. */
  readonly manifest?: string | undefined
}

/** Records that were read one by one. */
export interface Listed<Thing, Bad extends Unreadable = Unreadable> {
  readonly found: readonly Thing[]
  readonly unreadable: readonly Bad[]
}

/** Called for a record that can't be read. */
export type OnUnreadable = (record: Unreadable) => void

/** Separates readable records from unreadable ones. */
export function toListed<Read extends object>(
  records: readonly Read[],
): Listed<Exclude<Read, Unreadable>, Extract<Read, Unreadable>> {
  const isUnreadable = (record: Read): record is Extract<Read, Unreadable> => 'problem' in record
  const isFound = (record: Read): record is Exclude<Read, Unreadable> => !isUnreadable(record)
  return { found: membersOf(records, isFound), unreadable: membersOf(records, isUnreadable) }
}

/** Reports each unreadable record once, however often the same records are read. */
export class UnreadableWatch {
  readonly #onUnreadable: OnUnreadable
  #known: ReadonlySet<string> = new Set()

  constructor(onUnreadable: OnUnreadable) {
    this.#onUnreadable = onUnreadable
  }

  /** @param records all records that can't be read now */
  see(records: readonly Unreadable[]): void {
    const named = new Map(records.map((record) => [JSON.stringify(record), record]))
    for (const [name, record] of named) if (!this.#known.has(name)) this.#onUnreadable(record)
    this.#known = new Set(named.keys())
  }
}
