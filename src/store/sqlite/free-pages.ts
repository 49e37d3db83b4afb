/** The pages of a database file. */
export interface Pages {
  readonly all: number
  /** Free pages, which the next writes use. */
  readonly free: number
}

/** At least 4 MB, or a tenth of the file, stay free. Pages that are soon needed again are not worth giving back. */
const LEAST_KEPT = 1_024
const SHARE_KEPT = 0.1

/** The number of pages to give back; 0 or less if none. */
export const excessOf = ({ all, free }: Pages): number => Math.floor(free - Math.max(LEAST_KEPT, all * SHARE_KEPT))
