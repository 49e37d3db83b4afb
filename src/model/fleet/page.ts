/** The place of the last item of a page: its value in the sort, and its id. The next page begins after it. */
export interface Place {
  readonly value: string | number
  readonly id: string
}

/** A page may have fewer items than asked for, even none, and still have a next one: the work for a page is bounded. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** The `after` of the next page; undefined at the end. */
  readonly next: Place | undefined
}

export interface PageQuery<Filter, Sort> {
  readonly filter: Filter
  readonly sort: Sort
  readonly isDescending?: boolean
  readonly after?: Place | undefined
  /** The most items of the page. */
  readonly most: number
}
