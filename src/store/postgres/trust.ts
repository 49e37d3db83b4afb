import type pg from 'pg'

/**
 * Tracks which connections may be used again. Once a server is unusable, so are all connections made before that moment. After a
 * fail-over each of them leads to the old server.
 */
export class Trust {
  readonly #generations = new WeakMap<pg.Client, number>()
  readonly #onLoss: (() => void)[] = []
  #generation = 0
  #answers = 0

  /** The number of answers from the server, on any connection. */
  get answers(): number {
    return this.#answers
  }

  /** @param listener called when connections are no longer trusted, once for all of them */
  onLoss(listener: () => void): void {
    this.#onLoss.push(listener)
  }

  /** Trusts a connection that was just made. */
  begin(client: pg.Client): void {
    this.#generations.set(client, this.#generation)
  }

  has(client: pg.Client): boolean {
    return this.#generations.get(client) === this.#generation
  }

  noteAnswer(): void {
    this.#answers += 1
  }

  /** Distrusts all connections made so far. A connection that is already distrusted says nothing about newer ones. */
  end(client: pg.Client): void {
    if (!this.has(client)) return
    this.#generation += 1
    for (const listener of this.#onLoss) listener()
  }
}
