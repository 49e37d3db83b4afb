/** The pages of a database file. */
export interface Pages {
  readonly all: number
  /** What is written next takes these. */
  readonly free: number
}

/** 4 MB, or a tenth of the file where that is more: to give back what is soon needed again costs more than it saves. */
const LEAST_KEPT = 1_024
const SHARE_KEPT = 0.1

/** How many pages may be given back; less than 0 where some more should be free first. */
export const excessOf = ({ all, free }: Pages): number => Math.floor(free - Math.max(LEAST_KEPT, all * SHARE_KEPT))
