/** A record in the database that can't be read. It is of no use itself, and keeps no other record from being used. */
export interface Unreadable {
  readonly kind: 'api' | 'client' | 'credential' | 'key' | 'revocation'
  /** As its row names it. */
  readonly id: string
  /** In our words, and never with what the row holds. */
  readonly problem: string
}

/** Records as they were read, each by itself. */
export interface Listed<Thing, Bad extends Unreadable = Unreadable> {
  readonly found: readonly Thing[]
  readonly unreadable: readonly Bad[]
}

/** Told of a record that can't be read. */
export type OnUnreadable = (record: Unreadable) => void

/** Separates what could be read from what could not. */
export function toListed<Read extends object>(
  records: readonly Read[],
): Listed<Exclude<Read, Unreadable>, Extract<Read, Unreadable>> {
  const isUnreadable = (record: Read): record is Extract<Read, Unreadable> => 'problem' in record
  const isFound = (record: Read): record is Exclude<Read, Unreadable> => !isUnreadable(record)
  return { found: records.filter(isFound), unreadable: records.filter(isUnreadable) }
}

/** Tells of each record once for as long as it stays unreadable, however often the same records are read. */
export class UnreadableWatch {
  readonly #onUnreadable: OnUnreadable
  #known: ReadonlySet<string> = new Set()

  constructor(onUnreadable: OnUnreadable) {
    this.#onUnreadable = onUnreadable
  }

  /** @param records all that can't be read now */
  see(records: readonly Unreadable[]): void {
    const named = new Map(records.map((record) => [JSON.stringify(record), record]))
    for (const [name, record] of named) if (!this.#known.has(name)) this.#onUnreadable(record)
    this.#known = new Set(named.keys())
  }
}
