import type pg from 'pg'

/**
 * Which connections may be used again. Where a server is of no use any more, neither is any connection that was made before:
 * after a fail-over, each of them leads to the server that was.
 */
export class Trust {
  readonly #generations = new WeakMap<pg.Client, number>()
  readonly #onLoss: (() => void)[] = []
  #generation = 0
  #answers = 0

  /** How often the server has answered, on whichever connection. */
  get answers(): number {
    return this.#answers
  }

  /** @param listener told once for all connections that are trusted no longer */
  onLoss(listener: () => void): void {
    this.#onLoss.push(listener)
  }

  /** Of a connection that was just made. */
  begin(client: pg.Client): void {
    this.#generations.set(client, this.#generation)
  }

  has(client: pg.Client): boolean {
    return this.#generations.get(client) === this.#generation
  }

  noteAnswer(): void {
    this.#answers += 1
  }

  /** Of a connection whose server is of no use. An old one says nothing of those that were made since. */
  end(client: pg.Client): void {
    if (!this.has(client)) return
    this.#generation += 1
    for (const listener of this.#onLoss) listener()
  }
}
