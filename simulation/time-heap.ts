/** A binary heap of events, the soonest first. */
export class TimeHeap<Item> {
  readonly #entries: { readonly at: number; readonly item: Item }[] = []

  /** The time of the next event; infinite if there is none. */
  get nextAt(): number {
    return this.#timeOf(0)
  }

  push(at: number, item: Item): void {
    let place = this.#entries.push({ at, item }) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (this.#timeOf(parent) <= at) break
      this.#swap(place, parent)
      place = parent
    }
  }

  pop(): Item | undefined {
    this.#swap(0, this.#entries.length - 1)
    const first = this.#entries.pop()
    let place = 0
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2]
      const child = this.#timeOf(right) < this.#timeOf(left) ? right : left
      if (this.#timeOf(child) >= this.#timeOf(place)) return first?.item
      this.#swap(place, child)
      place = child
    }
  }

  #timeOf(place: number): number {
    return this.#entries[place]?.at ?? Number.POSITIVE_INFINITY
  }

  #swap(one: number, other: number): void {
    const [first, second] = [this.#entries[one], this.#entries[other]]
    if (first === undefined || second === undefined) return
    this.#entries[one] = second
    this.#entries[other] = first
  }
}
