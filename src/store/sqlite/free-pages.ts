/** The pages of a database file. */
export interface Pages {
  readonly all: number
  /** The next writes take these. */
  readonly free: number
}

/** 4 MB, or a tenth of the file where that is more, stay free: pages that are soon needed again are not worth giving back. */
const LEAST_KEPT = 1_024
const SHARE_KEPT = 0.1

/** How many pages may be given back; 0 or less where none should be. */
export const excessOf = ({ all, free }: Pages): number => Math.floor(free - Math.max(LEAST_KEPT, all * SHARE_KEPT))
